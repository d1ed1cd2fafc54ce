import { Button, Icon } from '../design';
import { t } from './i18n';
import { agree, useRoom } from './store';

export function Welcome({ onPrivacy }: { onPrivacy: () => void }) {
  const { embed } = useRoom();
  const brand = embed!.brand.name;
  return (
    <div class="column page">
      <div class="stack page-body">
        <p class="kicker">{t('welcome_for', { garment: embed!.garment!.name })}</p>
        <h1 class="display" tabIndex={-1}>{t('welcome_title')}</h1>
        <p class="lead">{t('welcome_lead')}</p>
        <ul class="promises">
          <li><Icon name="camera" /><span>{t('promise_photo')}</span></li>
          <li><Icon name="lock" /><span>{t('promise_share', { brand })}</span></li>
          <li><Icon name="trash" /><span>{t('promise_delete')}</span></li>
        </ul>
      </div>
      <div class="page-foot stack">
        <p class="small soft">{t('consent_text', { brand })} <button type="button" class="link" onClick={onPrivacy}>{t('consent_more')}</button></p>
        <Button kind="primary" wide onClick={agree}>{t('consent_agree')}</Button>
      </div>
    </div>
  );
}
