/** What the visitor may choose. It lives in the URL, so that a link shows the same training. */

export interface Settings {
  /** Copies of each hidden irrep. */
  readonly mul: number;
  readonly seed: number;
  readonly learningRate: number;
}

export const defaultSettings: Settings = { mul: 8, seed: 0, learningRate: 0.01 };

interface Field {
  /** Its name in the URL. */
  readonly key: string;
  /** What a text must be, to end the sentence "... must be". */
  readonly rule: string;
  allows(value: number): boolean;
}

export const settingFields: Readonly<Record<keyof Settings, Field>> = {
  mul: { key: 'mul', rule: '8, 16 or 50', allows: (value) => [8, 16, 50].includes(value) },
  seed: {
    key: 'seed',
    rule: 'a whole number from 0 to 4294967295',
    allows: (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
  },
  learningRate: {
    key: 'lr',
    rule: 'above 0 and at most 1',
    allows: (value) => value > 0 && value <= 1,
  },
};

export const settingNames = Object.keys(settingFields) as (keyof Settings)[];

/** The number a text means for a setting, or undefined where the setting does not allow it. */
export function parseSetting(name: keyof Settings, text: string): number | undefined {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return settingFields[name].allows(value) ? value : undefined;
}

/** Settings from a URL's query; what is missing or not allowed there is as in `defaultSettings`. */
export function settingsFromQuery(query: string): Settings {
  const given = new URLSearchParams(query);
  const settings = { ...defaultSettings };
  for (const name of settingNames)
    settings[name] = parseSetting(name, given.get(settingFields[name].key) ?? '') ?? settings[name];
  return settings;
}

/** The query with these settings; other parts of it stay. */
export function queryFromSettings(settings: Settings, query = ''): string {
  const written = new URLSearchParams(query);
  for (const name of settingNames) written.set(settingFields[name].key, String(settings[name]));
  return `?${written}`;
}
