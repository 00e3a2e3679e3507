import { type OptimizationChoice, optimizationsOf } from '../../src/graph/optimizations.ts';

/** What `--without RULE` says, given several times: "all" switches everything off. Throws where there is no such rule. */
export function choiceWithout(rules: readonly string[]): OptimizationChoice {
  if (rules.includes('all')) return false;
  const choice = Object.fromEntries(rules.map((rule) => [rule, false]));
  optimizationsOf(choice);
  return choice;
}
