import type { Place } from '../../parsers/text/source.ts'
import { isDjangoAtLeast } from '../../src/deployment/django/django-version.ts'
import { directoryOfUrl, keepsUploadsInFiles } from '../../src/deployment/django/static-settings.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoProject, modWsgiMain, nginxMain } from '../_examples.ts'
import type { WorkerAccount } from '../_worker-account.ts'
import { accountOf } from './_account.ts'
import { assignedValue } from './_behind-nginx.ts'
import { settingPlace } from './_setting-entries.ts'
import { type DjangoSite, djangoSites } from './_sites.ts'

const MEDIA = conf`
  MEDIA_URL = "/media/"
  MEDIA_ROOT = "/srv/media"
`
const site = (limit: string, backend: string): string => conf`
  user www-data;
  ${nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        ${limit}
        location /media/ {
            alias /srv/media/;
        }
        location / {
            proxy_pass http://127.0.0.1:${backend};
            proxy_set_header Host $host;
        }
    }
  `)}
`
const inGunicorn = (
  lines: string,
  {
    account = 'daemon',
    limit = 'client_max_body_size 40m;',
    requirements = 'Django==4.2\n',
    root = MEDIA,
  } = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': site(limit, '8000'),
  'etc/systemd/system/shop.service': conf`
    [Service]
    User=${account}
    WorkingDirectory=/opt/shop
    ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
  `,
  ...djangoProject(conf`
    ${root}
    ${lines}
  `),
  'opt/shop/shop/__init__.py': '',
  'opt/shop/shop/urls.py': 'urlpatterns = []\n',
  'opt/shop/requirements.txt': requirements,
  'srv/media/': '',
})
const inModWsgi = (lines: string, user = 'daemon'): Record<string, string> => {
  const { 'etc/systemd/system/shop.service': _, ...files } = inGunicorn(lines)
  return {
    ...files,
    'etc/nginx/nginx.conf': site('client_max_body_size 40m;', '9000'),
    'etc/apache2/apache2.conf': modWsgiMain(conf`
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          WSGIDaemonProcess shop user=${user} python-path=/opt/shop
          WSGIScriptAlias / /opt/shop/shop/wsgi.py process-group=shop application-group=%{GLOBAL}
          <Directory /opt/shop>
              Require all granted
          </Directory>
      </VirtualHost>
    `),
  }
}
const NONE = 'FILE_UPLOAD_PERMISSIONS = «None»'
const OPEN = { 'srv/media': 0o777 }
const plain = (text: string): string => text.replaceAll(/[«»]/g, '')

export default defineRule({
  summary: 'The server that delivers uploads may not read what Django saves',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django keeps an upload above `FILE_UPLOAD_MAX_MEMORY_SIZE`, 2.5 MB, in a temporary file of mode 0600, and moves it into `MEDIA_ROOT`. Without `FILE_UPLOAD_PERMISSIONS`, which Django sets by itself since 3.0, it keeps that mode: small pictures can be seen, and large ones are 403 for a server that runs as another account: `open() "…" failed (13: Permission denied)`. A mode that gives others nothing, such as 0o600, closes all of them.',
  remedy: 'Write `FILE_UPLOAD_PERMISSIONS = 0o644`, and change the mode of the files that are there',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#file-upload-permissions',
    'https://docs.djangoproject.com/en/3.0/releases/3.0/#new-default-value-for-the-file-upload-permissions-setting',
  ],
  bad: [
    { title: 'no mode, and an account of its own', files: inGunicorn(NONE), modes: OPEN },
    { title: 'a daemon process of mod_wsgi', files: inModWsgi(NONE), modes: OPEN },
    {
      title: 'a Django that sets no mode',
      files: inGunicorn('', {
        requirements: 'Django==2.2.28\n',
        root: MEDIA.replace('MEDIA_ROOT', '«MEDIA_ROOT»'),
      }),
    },
    {
      title: 'a mode for the owner alone',
      files: inGunicorn('FILE_UPLOAD_PERMISSIONS = «0o600»'),
      modes: OPEN,
    },
    {
      title: 'directories for the owner alone',
      files: inGunicorn('FILE_UPLOAD_DIRECTORY_PERMISSIONS = «0o700»'),
    },
  ],
  good: [
    { title: 'a mode for all', files: inGunicorn('FILE_UPLOAD_PERMISSIONS = 0o644'), modes: OPEN },
    { title: 'the default of Django 3', files: inGunicorn('') },
    {
      title: 'a mode for a group, in which nginx may be',
      files: inGunicorn('FILE_UPLOAD_PERMISSIONS = 0o640'),
    },
    { title: 'one account', files: inGunicorn(plain(NONE), { account: 'www-data' }) },
    { title: 'one account, in mod_wsgi', files: inModWsgi(plain(NONE), 'www-data') },
    { title: 'no upload as large', files: inGunicorn(plain(NONE), { limit: 'client_max_body_size 2m;' }) },
    {
      title: 'a storage of its own',
      files: inGunicorn(`${plain(NONE)}\nDEFAULT_FILE_STORAGE = "shop.storage.Shared"`),
    },
  ],
  *check(deployment) {
    for (const each of djangoSites(deployment)) {
      const found = closedMode(each)
      if (found === null || !keepsUploadsInFiles(each.settings)) continue
      const reader = readerOfUploads(deployment, each)
      const owner = accountOf(each.runner)
      if (reader === null || owner === null || reader.name === owner || reader.name === 'root') continue
      yield {
        at: found.at,
        message: `${found.what}, and ${each.server} delivers it as \`${reader.name}\`, not as \`${owner}\`: 403, failed (13: Permission denied)`,
        label: found.label,
        related: reader.at === null ? [] : [{ at: reader.at, message: `the account of ${each.server}` }],
        ...(found.help !== null && { help: found.help }),
      }
    }
  },
})

interface ClosedMode {
  readonly at: Place
  readonly what: string
  readonly label: string
  readonly help: string | null
}

/** What of the settings makes files that their owner alone may read; null where nothing surely does. */
function closedMode({ settings, files, bodyLimit }: DjangoSite): ClosedMode | null {
  const mode = settings.get('FILE_UPLOAD_PERMISSIONS')
  const directories = settings.get('FILE_UPLOAD_DIRECTORY_PERMISSIONS')
  for (const [name, fact, bits] of [
    ['a file', mode, 0o044],
    ['a directory', directories, 0o011],
  ] as const) {
    // A decimal number that was meant to be octal is `django/setting-type`.
    if (fact?.known !== true || fact.at === null || typeof fact.value !== 'number') continue
    const at = assignedValue(fact.at)
    const written = at.source.text.slice(at.start, at.end)
    if (!/^0o/i.test(written) || (fact.value & bits) !== 0) continue
    return { at, what: `${name} of an upload has mode ${written}`, label: 'for its owner alone', help: null }
  }
  if (settings.get('FILE_UPLOAD_HANDLERS') !== null) return null
  const isNone = mode?.known === true && mode.value === null
  const isOld = mode === null && isDjangoAtLeast(3, settings, files) === false
  const at =
    isNone && mode.at !== null ? assignedValue(mode.at) : isOld ? settingPlace(settings, 'MEDIA_ROOT') : null
  const size = settings.get('FILE_UPLOAD_MAX_MEMORY_SIZE')
  const most = size === null ? IN_MEMORY : size.known && typeof size.value === 'number' ? size.value : null
  if (at === null || most === null || bodyLimit === null || (bodyLimit !== 0 && bodyLimit <= most))
    return null
  return {
    at,
    what: `an upload above ${most === IN_MEMORY ? '2.5 MB' : `${most} bytes`} keeps the mode 0600 of its temporary file`,
    label: isNone ? 'keeps the mode of the temporary file' : 'Django before 3.0 sets no mode',
    help: null,
  }
}

const IN_MEMORY = 2_621_440

/** The account of the server that delivers the files of `MEDIA_ROOT`, on the machine of the project. */
function readerOfUploads(deployment: Deployment, site: DjangoSite): WorkerAccount | null {
  const media = directoryOfUrl(site.settings, 'MEDIA')
  if (media === null || site.machine !== machineOf(deployment, site.runner)) return null
  const ends = site.requests(`${media.url}${EXISTING}.jpg`).map(request => probe(deployment, request).end)
  const isRead = ends.some(
    end =>
      end.kind === 'file' &&
      end.by === site.server.toLowerCase() &&
      end.path.startsWith(`${media.directory}/`),
  )
  return isRead ? site.account() : null
}

function machineOf(deployment: Deployment, runner: DjangoSite['runner']): Machine {
  return 'alias' in runner ? deployment.programOf(runner.configuration).machine : runner.machine
}
