import type { Texts } from '../../i18n';
import type en from './en';

const texts: Partial<Texts<typeof en>> = {};
export default texts as Texts<typeof en>;
