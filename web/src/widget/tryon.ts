import { PROTOCOL } from './messages';

document.documentElement.dataset['tryon'] = PROTOCOL;
