import { element, Page } from './page.ts';
import { Session } from './session.ts';
import {
  parseSetting,
  queryFromSettings,
  type Settings,
  settingFields,
  settingNames,
  settingsFromQuery,
} from './settings.ts';

const page = new Page();
let settings = settingsFromQuery(location.search);
let session: Session | null = null;

const inputs: Readonly<Record<keyof Settings, HTMLInputElement | HTMLSelectElement>> = {
  mul: element('mul', HTMLSelectElement),
  seed: element('seed', HTMLInputElement),
  learningRate: element('learning-rate', HTMLInputElement),
};

for (const name of settingNames) {
  const input = inputs[name];
  input.value = String(settings[name]);
  input.addEventListener('input', () => input.setCustomValidity(''));
  input.addEventListener('change', () => {
    const value = parseSetting(name, input.value);
    if (value === undefined) {
      input.setCustomValidity(`This must be ${settingFields[name].rule}.`);
      input.reportValidity();
      return;
    }
    settings = { ...settings, [name]: value };
    rememberSettings();
    session?.reset(settings);
  });
}
rememberSettings();

element('train', HTMLButtonElement).addEventListener('click', () => session?.train(!session.isTraining));
element('reset', HTMLButtonElement).addEventListener('click', () => session?.reset(settings));
element('rotate', HTMLButtonElement).addEventListener('click', () => session?.rotate());
element('again', HTMLButtonElement).addEventListener('click', async () => {
  await start();
  // The button that had the focus is gone.
  element('train', HTMLButtonElement).focus();
});
element('form', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());

void start();

/** Resolves once controls can be used, or the page says why they cannot. */
async function start(): Promise<void> {
  page.showNotice(null);
  try {
    session = await Session.open(settings, page);
  } catch (error) {
    stop(error as Error);
    return;
  }
  page.showAdapter(session.gpu);
  page.enableControls(true);
  session.run().catch(stop);
}

function stop(error: Error): void {
  session = null;
  page.enableControls(false);
  page.showNotice(error.message, navigator.gpu !== undefined);
}

function rememberSettings(): void {
  history.replaceState(null, '', queryFromSettings(settings, location.search) + location.hash);
}
