import { useEffect, useState } from 'preact/hooks';
import { Button, Icon, Notice, Progress, Select } from '../design';
import { bySize } from './chart';
import { useAction } from './hooks';
import { t } from './i18n';
import { call, sentence, type Garment, type Preview } from './session';

export function PreviewPanel({ garment }: { garment: Garment }) {
  const path = `/v1/garments/${garment.id}/preview`;
  const [preview, setPreview] = useState<Preview | null>();
  const [size, setSize] = useState('');
  const start = useAction();
  const [error, setError] = useState<unknown>();
  const running = preview?.status === 'pending' || preview?.status === 'processing';

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = () => {
      call<Preview>(path, { signal: abort.signal }).then(
        (p) => {
          if (abort.signal.aborted) return;
          setPreview(p.status === 'none' ? null : p);
          setError(undefined);
          if (p.status === 'pending' || p.status === 'processing') timer = setTimeout(look, 1000);
        },
        (e: unknown) => {
          if (abort.signal.aborted) return;
          setError(e);
          timer = setTimeout(look, 5000);
        },
      );
    };
    if (preview === undefined || running) timer = setTimeout(look, preview === undefined ? 0 : 1000);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [path, running]);

  if (!garment.size_chart) return <p class="soft">{t('preview_needs_chart')}</p>;
  const sizes = Object.keys(garment.size_chart.sizes).sort(bySize);
  const r = preview?.status === 'ready' ? preview.report : null;
  return (
    <div class="stack">
      <p class="soft">{t('preview_lead')}</p>
      <div class="row bottom">
        <Select label={t('preview_size')} value={size} onValue={setSize} options={[{ value: '', label: t('preview_best') }, ...sizes.map((s) => ({ value: s, label: s }))]} />
        <Button kind={preview ? 'secondary' : 'primary'} busy={start.busy || running} onClick={() => void start.run(async () => setPreview(await call<Preview>(path, { method: 'POST', json: { size: size || null } })))}>
          {preview ? t('preview_again') : t('preview_button')}
        </Button>
      </div>
      {!!(start.error ?? error) && <Notice tone="bad" loud>{sentence(start.error ?? error)}</Notice>}
      {running && (
        <div role="status" class="stack tight">
          <span>{t(preview.status === 'pending' ? 'preview_pending' : 'preview_processing')}</span>
          <Progress value={preview.status === 'pending' ? 0.02 : preview.progress} label={t('preview_processing')} />
        </div>
      )}
      {preview?.status === 'failed' && <Notice tone="bad">{t('preview_failed', { why: preview.error ?? '' })}</Notice>}
      {r && preview?.sheet_url && (
        <>
          {r.findings.length ? (
            <Notice tone="warn" title={t('preview_findings')}><ul class="bullets">{r.findings.map((f, i) => <li key={i}>{f}</li>)}</ul></Notice>
          ) : (
            <p class="good"><Icon name="check" size={20} /> {t('preview_sound')}</p>
          )}
          <div class="sheet-picture" tabIndex={0} role="group" aria-label={t('preview_title')}>
            <img src={preview.sheet_url} alt={t('preview_alt', { count: r.bodies.length })} width={300 * r.bodies.length} height={1614} decoding="async" />
          </div>
          <p class="small soft">{t('preview_colours')} <a href={preview.sheet_url} target="_blank" rel="noopener">{t('preview_open')}</a></p>
          <div class="table-scroll" tabIndex={0} role="group" aria-label={t('preview_bodies')}>
            <table class="data">
              <caption>{t('preview_bodies')}</caption>
              <thead><tr><th scope="col">{t('preview_body')}</th><th scope="col">{t('chart_size')}</th><th scope="col">{t('preview_verdict')}</th></tr></thead>
              <tbody>
                {r.bodies.map((b) => (
                  <tr key={b.label}>
                    <th scope="row">{b.label}</th>
                    <td>{b.size}</td>
                    <td>{b.says}{!b.fits && <span class="warn"> ({t('preview_none_fits')})</span>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </div>
  );
}
