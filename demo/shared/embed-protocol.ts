import { type Fields, parseFields, writeFields } from './fields.ts';

/** What the page around an iframe may say to it. */
export type EmbedRequest =
  | { readonly clebsch: 'get' }
  | { readonly clebsch: 'set'; readonly state: Record<string, unknown> };

/** The part of an element that the protocol needs. */
export interface EmbedTarget extends EventTarget {
  readonly state: object;
  set(patch: object): void;
}

/** Events of the element that the page around is told of. */
const TOLD = ['step', 'trained', 'error'] as const;

/** Origins that may embed this page and speak to it: `origin` in the query, as often as needed, or else its own. */
export function allowedOrigins(query: string, own: string): ReadonlySet<string> {
  const given = new URLSearchParams(query).getAll('origin').flatMap((text) => {
    const url = URL.parse(text);
    return url && url.origin !== 'null' ? [url.origin] : [];
  });
  return new Set(given.length > 0 ? given : [own]);
}

/**
 * Lets the page around an iframe read and set an element's state. Only the parent, from an allowed origin, is heard;
 * nothing is said to it before it has asked, so nothing ever reaches another origin. The gallery
 * (demo/index.html) has the messages.
 */
export function speakWithParent(target: EmbedTarget, fields: Fields, signal: AbortSignal): void {
  const { parent } = window;
  if (parent === window) return;
  const origins = allowedOrigins(location.search, location.origin);
  let listening: string | null = null;
  const tell = (message: Record<string, unknown>) => {
    if (listening !== null) parent.postMessage(message, listening);
  };
  const tellState = () => tell({ clebsch: 'state', state: writeFields(fields, { ...target.state }) });
  window.addEventListener(
    'message',
    ({ data, origin, source }) => {
      if (source !== parent || !origins.has(origin) || typeof data?.clebsch !== 'string') return;
      listening = origin;
      const request = data as EmbedRequest;
      if (request.clebsch === 'set') {
        const given = new Map(
          Object.entries(request.state ?? {}).map(([key, value]) => [key, String(value)]),
        );
        const { values, problems } = parseFields(fields, (key) => given.get(key) ?? null);
        target.set(values);
        for (const message of problems) tell({ clebsch: 'error', message });
        tellState();
      } else if (request.clebsch === 'get') tellState();
      else
        tell({ clebsch: 'error', message: `there is no message "${data.clebsch}"; known are get and set` });
    },
    { signal },
  );
  for (const name of TOLD)
    target.addEventListener(
      name,
      (event) => tell({ ...(event as CustomEvent<Record<string, unknown>>).detail, clebsch: name }),
      { signal },
    );
}
