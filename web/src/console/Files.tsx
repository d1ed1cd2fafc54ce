import { useRef, useState } from 'preact/hooks';
import { Button, Icon, IconButton, Notice, Progress, Select } from '../design';
import { bySize } from './chart';
import { t } from './i18n';
import { call, sentence, type Garment } from './session';

interface Waiting { file: File; size: string }

// "dress_M.glb", "M.glb", "dress-xl v2.glb": the last part of the name that is a size of the chart.
export function sizeIn(name: string, sizes: readonly string[]): string {
  const parts = name.replace(/\.glb$/i, '').split(/[\s_.-]+/).reverse();
  for (const p of parts) {
    const hit = sizes.find((s) => s.toLowerCase() === p.toLowerCase());
    if (hit) return hit;
  }
  return '';
}

export function Files({ garment, onChange }: { garment: Garment; onChange: (g: Garment) => void }) {
  const sizes = [...new Set([...Object.keys(garment.size_chart?.sizes ?? {}), ...Object.keys(garment.sizes)])].sort(bySize);
  const [over, setOver] = useState(false);
  const [unclear, setUnclear] = useState<Waiting[]>([]);
  const [sending, setSending] = useState<{ name: string; part: number }>();
  const [problems, setProblems] = useState<string[]>([]);
  const input = useRef<HTMLInputElement>(null);
  const busy = useRef(false);
  const queue = useRef<Waiting[]>([]);

  const upload = async (list: Waiting[]) => {
    queue.current.push(...list);
    if (busy.current) return; // whoever is sending comes to these too
    busy.current = true;
    for (let next: Waiting | undefined; (next = queue.current.shift()); ) {
      const { file, size } = next;
      setSending({ name: file.name, part: 0 });
      try {
        onChange(
          await call<Garment>(`/v1/garments/${garment.id}/sizes/${encodeURIComponent(size)}`, {
            method: 'PUT',
            body: file,
            headers: { 'Content-Type': 'model/gltf-binary' },
            retries: 2,
            timeoutMs: 600000,
            onUpload: (part) => setSending({ name: file.name, part }),
          }),
        );
      } catch (e) {
        setProblems((p) => [...p, t('files_failed', { file: file.name, why: sentence(e) })]);
      }
    }
    setSending(undefined);
    busy.current = false;
  };
  const take = async (files: Iterable<File>) => {
    const ready: Waiting[] = [], ask: Waiting[] = [], bad: string[] = [];
    for (const file of files) {
      const head = new TextDecoder().decode(await file.slice(0, 4).arrayBuffer());
      const size = sizeIn(file.name, sizes);
      if (head !== 'glTF') bad.push(t('files_not_glb', { file: file.name }));
      else (size && !ready.some((r) => r.size === size) ? ready : ask).push({ file, size });
    }
    setProblems((old) => (busy.current ? [...old, ...bad] : bad));
    setUnclear((old) => [...old.filter((u) => !ask.some((a) => a.file.name === u.file.name)), ...ask.map((a) => ({ ...a, size: sizes[0] ?? 'M' }))]);
    await upload(ready);
  };

  return (
    <div class="stack">
      <p class="soft">{t('files_lead')}</p>
      <div
        class="drop"
        data-over={over ? '' : undefined}
        onDragOver={(e) => (e.preventDefault(), setOver(true))}
        onDragLeave={() => setOver(false)}
        onDrop={(e) => {
          e.preventDefault();
          setOver(false);
          void take([...(e.dataTransfer?.files ?? [])]);
        }}
      >
        <Icon name="upload" size={32} />
        <p>{t('files_drop')}</p>
        <Button onClick={() => input.current?.click()}>{t('files_choose')}</Button>
        <input ref={input} type="file" accept=".glb,model/gltf-binary" multiple hidden aria-label={t('files_choose')} onChange={(e) => (void take([...(e.currentTarget.files ?? [])]), (e.currentTarget.value = ''))} />
        <p class="small soft">{t('files_hint')}</p>
      </div>
      {sending && (
        <div role="status" class="stack tight">
          <span>{t('files_uploading', { file: sending.name })}</span>
          <Progress value={sending.part} label={t('files_uploading', { file: sending.name })} />
        </div>
      )}
      {unclear.map((u, i) => (
        <div key={u.file.name} class="row bottom">
          <Select label={t('files_which', { file: u.file.name })} value={u.size} onValue={(size) => setUnclear(unclear.map((x, k) => (k === i ? { ...x, size } : x)))} options={sizes.map((s) => ({ value: s, label: s }))} />
          <Button
            onClick={() => {
              setUnclear(unclear.filter((_, k) => k !== i));
              void upload([u]);
            }}
          >
            {t('save')}
          </Button>
        </div>
      ))}
      {problems.length > 0 && <Notice tone="bad" loud><ul class="bullets">{problems.map((p) => <li key={p}>{p}</li>)}</ul></Notice>}
      {sizes.length > 0 && (
        <ul class="list lined">
          {sizes.map((s) => (
            <li key={s} class="list-row still">
              <strong class="list-main">{s}</strong>
              <span class={garment.sizes[s] ? 'good small' : 'soft small'}>{garment.sizes[s] ? t('files_there') : t('files_drafted')}</span>
              {garment.sizes[s] && (
                <IconButton
                  label={t('files_remove', { size: s })}
                  onClick={() =>
                    void (async () => {
                      try {
                        await call(`/v1/garments/${garment.id}/sizes/${encodeURIComponent(s)}`, { method: 'DELETE' });
                        onChange(await call<Garment>(`/v1/garments/${garment.id}`));
                      } catch (e) {
                        setProblems([sentence(e)]);
                      }
                    })()
                  }
                >
                  <Icon name="trash" size={20} />
                </IconButton>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
