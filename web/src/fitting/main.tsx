import '../design';
import { render } from 'preact';

render(<main><h1>Fitting room</h1></main>, document.getElementById('app')!);
