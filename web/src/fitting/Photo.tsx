import { Button, Icon, IconButton, Notice } from '../design';
import { useEffect, useRef, useState } from 'preact/hooks';
import { closeCamera, grab, openCamera, prepare, watchTilt, type Facing } from './camera';
import { t, type Key } from './i18n';
import { Phone } from './Method';
import { chooseMethod, givePhoto, useRoom } from './store';

const COUNT = 5; // seconds to step back

export function Photo({ which }: { which: 'front' | 'side' }) {
  const s = useRoom();
  const [live, setLive] = useState(false);
  const [shot, setShot] = useState<{ blob: Blob; url: string } | null>(() => {
    const before = s.photos[which];
    return before ? { blob: before, url: URL.createObjectURL(before) } : null;
  });
  const [trouble, setTrouble] = useState<{ title?: Key; text: Key } | null>(null);
  const [phone, setPhone] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => () => {
    if (shot) URL.revokeObjectURL(shot.url);
  }, [shot]);

  const taken = (blob: Blob) => {
    setLive(false);
    setTrouble(null);
    setShot({ blob, url: URL.createObjectURL(blob) });
  };
  const chosen = async (file: File | undefined) => {
    if (!file) return;
    const ready = await prepare(file);
    if (ready === 'too-large') setTrouble({ text: 'photo_too_large' });
    else if (ready === 'not-image') setTrouble({ text: 'photo_not_image' });
    else taken(ready);
  };
  const title = t(which === 'front' ? 'photo_front' : 'photo_side');

  if (live) {
    return <Live which={which} title={title} onTaken={taken} onStop={() => setLive(false)} onTrouble={(text) => {
      setLive(false);
      setTrouble({ title: 'camera_refused', text });
    }} />;
  }
  return (
    <div class="column page">
      <div class="stack page-body">
        <h1 tabIndex={-1}>{title}</h1>
        <p class="soft">{t(which === 'front' ? 'photo_tips' : 'photo_tips_side')}</p>
        {trouble && <Notice tone="warn" title={trouble.title && t(trouble.title)} loud>{t(trouble.text)}</Notice>}
        <div class="photo-frame">
          {shot ? <img src={shot.url} alt={t('photo_alt')} /> : <Outline which={which} />}
        </div>
      </div>
      <div class="page-foot stack" style={{ '--gap': '10px' }}>
        <input ref={input} hidden type="file" accept="image/*,.heic,.heif" onChange={(e) => {
          void chosen(e.currentTarget.files?.[0]);
          e.currentTarget.value = '';
        }} />
        {shot
          ? (
            <>
              <Button kind="primary" wide onClick={() => givePhoto(which, shot.blob)}>{t('photo_use')}</Button>
              <Button wide onClick={() => setShot(null)}>{t('photo_retake')}</Button>
            </>
          )
          : (
            <>
              <Button kind="primary" wide onClick={() => setLive(true)}><Icon name="camera" />{t('photo_camera')}</Button>
              <Button wide onClick={() => input.current?.click()}><Icon name="upload" />{t('photo_upload')}</Button>
              {which === 'side'
                ? <Button kind="quiet" wide onClick={() => givePhoto('side', null)}>{t('photo_skip')}</Button>
                : (
                  <>
                    <div class="only-desktop"><Button kind="quiet" wide onClick={() => setPhone(true)}><Icon name="qr" />{t('phone_open')}</Button></div>
                    <Button kind="quiet" wide onClick={() => chooseMethod('none')}>{t('camera_without')}</Button>
                  </>
                )}
            </>
          )}
      </div>
      {phone && <Phone method={s.method} onClose={() => setPhone(false)} />}
    </div>
  );
}

function Live({ which, title, onTaken, onStop, onTrouble }: {
  which: 'front' | 'side';
  title: string;
  onTaken: (b: Blob) => void;
  onStop: () => void;
  onTrouble: (text: Key) => void;
}) {
  const video = useRef<HTMLVideoElement>(null);
  const [facing, setFacing] = useState<Facing>('user');
  const [running, setRunning] = useState(false);
  const [count, setCount] = useState(0);
  const [tilt, setTilt] = useState<number | null>(null);

  useEffect(() => {
    let stream: MediaStream | null = null;
    let stopped = false;
    setRunning(false);
    if (!navigator.mediaDevices?.getUserMedia) onTrouble('camera_refused_text');
    else {
      openCamera(facing).then((found) => {
        if (stopped) return closeCamera(found);
        stream = found;
        found.getVideoTracks()[0]?.addEventListener('ended', () => !stopped && onTrouble('camera_refused_text'));
        if (video.current) {
          video.current.srcObject = found;
          void video.current.play().then(() => setRunning(true), () => onTrouble('camera_refused_text'));
        }
      }, (e: unknown) => !stopped && onTrouble((e as DOMException).name === 'NotFoundError' ? 'camera_none' : 'camera_refused_text'));
    }
    return () => {
      stopped = true;
      closeCamera(stream);
    };
  }, [facing]);

  useEffect(() => {
    let off: (() => void) | null = null;
    let stopped = false;
    void watchTilt((d) => setTilt(Math.round(d))).then((f) => (stopped ? f() : (off = f)));
    return () => {
      stopped = true;
      off?.();
    };
  }, []);

  useEffect(() => {
    if (!count) return;
    const timer = setTimeout(() => {
      if (count > 1) return setCount(count - 1);
      setCount(0);
      if (video.current) void grab(video.current).then((b) => b && onTaken(b));
    }, 1000);
    return () => clearTimeout(timer);
  }, [count]);

  const leaning = tilt !== null && tilt > 9;
  return (
    <div class="live">
      <h1 class="visually-hidden" tabIndex={-1}>{title}</h1>
      <div class="live-view">
        <video ref={video} playsInline muted class={facing === 'user' ? 'mirrored' : undefined} />
        <Outline which={which} live good={running && !leaning} />
        <p class={`live-hint${leaning ? ' live-hint-warn' : ''}`} role="status">
          {!running ? t('camera_starting') : leaning ? t('guide_upright') : tilt === null ? t('guide_outline') : t('guide_level')}
        </p>
        {count > 0 && <p class="live-count" role="timer" aria-label={t('photo_timer', { seconds: count })}>{count}</p>}
      </div>
      <div class="live-bar">
        <Button onClick={() => (count ? setCount(0) : onStop())}>{t(count ? 'photo_stop' : 'back')}</Button>
        <button type="button" class="shutter" disabled={!running || count > 0} aria-label={t('photo_take')} title={t('photo_timer_hint')} onClick={() => setCount(COUNT)}><span /></button>
        <IconButton class="live-flip" label={t('photo_flip')} onClick={() => setFacing(facing === 'user' ? 'environment' : 'user')}><Icon name="flip" /></IconButton>
      </div>
    </div>
  );
}

// Where to stand: head to feet, arms a little away.
function Outline({ which, live, good }: { which: 'front' | 'side'; live?: boolean; good?: boolean }) {
  const front = 'M50 4c5 0 8.5 4 8.5 9.5S55 23 50 23s-8.5-4-8.5-9.5S45 4 50 4zM46 24c-1 4-4 5-9 6-4 1-6 3-7 7L20 78c-.8 3 3.5 4.5 5 1.5L36 50l1 22c-2 8-3 16-3 24l2 36-1 34c0 4 9 4 9.5 0L50 104l5.5 62c.5 4 9.5 4 9.5 0l-1-34 2-36c0-8-1-16-3-24l1-22 11 29.5c1.5 3 5.800 1.5 5-1.5L70 37c-1-4-3-6-7-7-5-1-8-2-9-6';
  const side = 'M50 4c5 0 8 4 8 9.5 0 2 1 3 1 4.5s-2 1.5-2 3-1.5 3-4 3l-1 5c5 3 7 9 7 17 0 7-1 12-2 18 2 6 2 12 1 20l-2 44c0 14 .5 26 0 34 0 3 5 4 5 6 0 1.5-1 2-3 2H47c-2 0-2-3-2-6l-1-36c-2-12-2-24-1-38-2-8-2-16 0-24-2-12-2-26 2-33l1-4c-3-3-4.5-8-4.5-13C41.5 8 45 4 50 4zM49 40c-1 14 0 26 6 42';
  return (
    <svg class={`outline${live ? ' outline-live' : ''}${good ? ' outline-good' : ''}`} viewBox="0 0 100 172" aria-hidden="true">
      <path d={which === 'front' ? front : side} fill="none" stroke="currentColor" stroke-width={live ? 1.2 : 1.4} stroke-linejoin="round" stroke-linecap="round" stroke-dasharray={live ? undefined : '3 3'} />
    </svg>
  );
}
