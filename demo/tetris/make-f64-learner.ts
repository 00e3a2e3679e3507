import { trainInF64 } from '../shared/training-f64.ts';
import type { Learner, LearnerRequest } from './learner.ts';
import { makeLearner } from './make-learner.ts';

/** A network on the f64 reference, in this thread. */
export const makeF64Learner = (request: LearnerRequest): Promise<Learner> => makeLearner(trainInF64, request);
