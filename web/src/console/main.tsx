import '../design';
import './console.css';
import { render } from 'preact';
import { chooseLanguage, type Language } from '../i18n';
import { App } from './App';
import { i18n } from './i18n';

const saved = localStorage.getItem('tryon.console.language') as Language | null;
void i18n.use(chooseLanguage(saved ? [saved] : navigator.languages)).then(() => {
  render(<App />, document.getElementById('app')!);
});
