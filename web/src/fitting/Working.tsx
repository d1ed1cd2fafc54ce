import { Button, Icon, Progress } from '../design';
import { t } from './i18n';
import { again, go, submit, useRoom } from './store';
import { aboutPhoto, refusal } from './words';

export function Working() {
  const s = useRoom();
  if (s.failure) {
    const photo = s.failure.photo || aboutPhoto(s.failure.text);
    return (
      <div class="column center-page stack">
        <span class="round round-warn"><Icon name="alert" size={28} /></span>
        <h1 tabIndex={-1}>{t(photo ? 'failed_photo' : 'failed_title')}</h1>
        <p role="alert">{refusal(s.failure.text)}</p>
        <div class="stack narrow" style={{ '--gap': '10px' }}>
          {photo
            ? <Button kind="primary" wide onClick={again}>{t('failed_other_photo')}</Button>
            : <Button kind="primary" wide onClick={() => void submit(s.given)}>{t('retry')}</Button>}
          <Button wide onClick={() => go('answers')}>{t(photo ? 'camera_without' : 'back')}</Button>
        </div>
      </div>
    );
  }
  return (
    <div class="column center-page stack">
      <Figure />
      <h1 tabIndex={-1}>{t('work_title')}</h1>
      <div class="stack narrow" style={{ '--gap': '10px' }}>
        <Progress value={s.work.part ?? 0} label={t('work_title')} />
        <p role="status" class="soft">{t(s.work.stage)}</p>
      </div>
      <p class="small soft narrow">{t('work_note')}</p>
    </div>
  );
}

// A figure with a tape that travels: something calm to look at.
function Figure() {
  return (
    <svg class="figure" viewBox="0 0 120 220" aria-hidden="true">
      <path d="M60 12a14 14 0 1 1 0 28 14 14 0 0 1 0-28zM38 54c8-5 36-5 44 0 7 5 12 40 16 62M38 54c-7 5-12 40-16 62M42 60c3 24 4 30 2 44-4 22-3 60-2 104M78 60c-3 24-4 30-2 44 4 22 3 60 2 104M60 124c0 20-4 50-6 84M60 124c0 20 4 50 6 84" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round" />
      <ellipse class="figure-tape" cx="60" cy="70" rx="24" ry="6" fill="none" />
    </svg>
  );
}
