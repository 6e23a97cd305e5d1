/** A program that begins addresses in its pages and mails with one that a variable names. */
export interface AddressedProgram {
  /** Of its image, without the registry. */
  readonly image: RegExp
  readonly name: string
  /** The variables, the first one that is set counts. */
  readonly variables: readonly string[]
  /** `url` with its scheme, `host` without one. */
  readonly kind: 'url' | 'host'
  /** What comes of an address that browsers do not reach, or do not take; null for links alone. */
  readonly breaks: string | null
  /** What it takes where nothing is set; null where its files may say more. */
  readonly usual: string | null
  /** True where it does not start without a scheme. */
  readonly wantsScheme?: true
}

const url = (
  image: RegExp,
  name: string,
  variables: string,
  breaks: string | null = null,
  usual: string | null = null,
): AddressedProgram => ({ image, name, variables: variables.split(' '), kind: 'url', breaks, usual })

const STYLES = 'browsers load none of its style sheets and scripts'
const CALLS = 'browsers reach none of its interfaces'

export const ADDRESSED: readonly AddressedProgram[] = [
  url(/^ghost$/, 'Ghost', 'url', null, 'http://localhost:2368'),
  url(/^grafana\/grafana(?:-oss|-enterprise)?$/, 'Grafana', 'GF_SERVER_ROOT_URL'),
  url(/^gitea\/gitea$/, 'Gitea', 'GITEA__server__ROOT_URL ROOT_URL'),
  url(/^forgejo\/forgejo$/, 'Forgejo', 'FORGEJO__server__ROOT_URL GITEA__server__ROOT_URL'),
  url(/^mattermost\/mattermost-(?:team|enterprise)-edition$/, 'Mattermost', 'MM_SERVICESETTINGS_SITEURL'),
  {
    ...url(/^vaultwarden\/server$/, 'Vaultwarden', 'DOMAIN'),
    wantsScheme: true,
  },
  url(
    /^paperless-ngx\/paperless-ngx$/,
    'Paperless',
    'PAPERLESS_URL',
    'Django refuses its login: 403, CSRF verification failed',
  ),
  url(/^(?:linuxserver|solidnerd)\/bookstack$/, 'BookStack', 'APP_URL', STYLES),
  url(/^outlinewiki\/outline$/, 'Outline', 'URL', 'signing in leads there'),
  // Its pages name style sheets and scripts by their paths.
  url(/^(?:rocketchat\/)?rocket\.chat$/, 'Rocket.Chat', 'ROOT_URL'),
  url(
    /^wallabag\/wallabag$/,
    'wallabag',
    'SYMFONY__ENV__DOMAIN_NAME',
    STYLES,
    'https://your-wallabag-instance.wallabag.org',
  ),
  url(/^(?:plausible\/community-edition|plausible\/analytics)$/, 'Plausible', 'BASE_URL'),
  url(/^baserow\/baserow$/, 'Baserow', 'BASEROW_PUBLIC_URL', CALLS, 'http://localhost'),
  url(/^directus\/directus$/, 'Directus', 'PUBLIC_URL'),
  url(/^penpotapp\/(?:frontend|backend)$/, 'Penpot', 'PENPOT_PUBLIC_URI', CALLS),
  url(/^chatwoot\/chatwoot$/, 'Chatwoot', 'FRONTEND_URL'),
  url(/^snipe\/snipe-it$/, 'Snipe-IT', 'APP_URL', STYLES),
  {
    image: /^hedgedoc\/hedgedoc$/,
    name: 'HedgeDoc',
    variables: ['CMD_DOMAIN'],
    kind: 'host',
    breaks: STYLES,
    usual: null,
  },
  {
    image: /^nextcloud$/,
    name: 'Nextcloud',
    variables: ['OVERWRITEHOST'],
    kind: 'host',
    breaks: STYLES,
    usual: null,
  },
]
