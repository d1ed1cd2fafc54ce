import '../design';
import { render } from 'preact';

render(<main><h1>Demo shop</h1></main>, document.getElementById('app')!);
