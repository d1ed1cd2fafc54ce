import '../design';
import './fitting.css';
import { render } from 'preact';
import { chooseLanguage, LANGUAGES, type Language } from '../i18n';
import { App } from './App';
import { i18n, t } from './i18n';
import { kept } from './keep';
import { start } from './store';

const asked = new URLSearchParams(location.search);
const theme = asked.get('theme');
if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;

const chosen = kept<string>('localStorage', 'language');
const wanted = [chosen, asked.get('lang'), asked.get('locale'), ...navigator.languages].filter((v): v is string => !!v);
const language: Language = chosen && chosen in LANGUAGES ? (chosen as Language) : chooseLanguage(wanted);

async function begin(): Promise<void> {
  if (language !== 'en') await i18n.use(language);
  document.title = t('title');
  render(<App />, document.getElementById('app')!);
  await start();
}
void begin();
