import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { type DjangoSettings, projectDirectory } from '../../src/deployment/django/settings.ts'
import { isDjangoAtLeast } from '../../src/deployment/django/django-version.ts'
import { directoryOfUrl, keepsUploadsInFiles } from '../../src/deployment/django/static-settings.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { djangoProject, modWsgiMain, nginxMain } from '../_examples.ts'
import { isGroupMember, type WorkerAccount } from '../_worker-account.ts'
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
const monthly = (unit: string, lines = '', to = 'photos/%Y/%m'): Record<string, string> => {
  const files = inGunicorn(conf`
    INSTALLED_APPS = ["photos"]
    ${lines}
  `)
  const path = 'etc/systemd/system/shop.service'
  return {
    ...files,
    [path]: `${files[path] ?? ''}${unit}\n`,
    'opt/shop/photos/__init__.py': '',
    'opt/shop/photos/models.py': conf`
      from django.db import models
      class Photo(models.Model):
          image = models.FileField(upload_to="${to}")
    `,
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
  why: 'Django keeps an upload above `FILE_UPLOAD_MAX_MEMORY_SIZE`, 2.5 MB, in a temporary file of mode 0600, and moves it into `MEDIA_ROOT`. Without `FILE_UPLOAD_PERMISSIONS`, which Django sets by itself since 3.0, it keeps that mode: small pictures can be seen, and large ones are 403 for a server that runs as another account: `open() "…" failed (13: Permission denied)`. A mode that gives others nothing, such as 0o600, closes all of them. So does a umask of the unit, such as `UMask=0077`, with every directory that Django makes for them: it sets no mode for those.',
  remedy:
    'Write `FILE_UPLOAD_PERMISSIONS = 0o644`, and `FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755`, and change the mode of what is there',
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
      title: 'a umask of the unit, and a directory for each month',
      files: monthly('UMask=«0077»'),
    },
    {
      title: 'a umask that leaves them to a group',
      files: { ...monthly('UMask=«0027»'), 'etc/group': 'daemon:x:1:\nwww-data:x:33:\n' },
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
    { title: 'a umask that leaves them open', files: monthly('UMask=0022') },
    {
      title: 'a umask, and a mode for directories',
      files: monthly('UMask=0077', 'FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755'),
    },
    {
      title: 'a umask that leaves them to the group of nginx',
      files: { ...monthly('UMask=0027'), 'etc/group': 'daemon:x:1:www-data\nwww-data:x:33:\n' },
    },
    { title: 'a umask, and a directory of its own', files: monthly('UMask=0077', '', 'avatars/') },
    {
      title: 'a storage of its own',
      files: inGunicorn(`${plain(NONE)}\nDEFAULT_FILE_STORAGE = "shop.storage.Shared"`),
    },
  ],
  *check(deployment) {
    for (const each of djangoSites(deployment)) {
      const found = closedMode(each) ?? closedByUmask(each)
      if (found === null || !keepsUploadsInFiles(each.settings)) continue
      const reader = readerOfUploads(deployment, each)
      const owner = accountOf(each.runner)
      if (reader === null || owner === null || reader.name === owner || reader.name === 'root') continue
      if (found.group !== undefined && isOfGroup(each, reader, found.group ?? owner)) continue
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
  /** The group whose members may read it all the same, null for that of the owner; left out where none may. */
  readonly group?: string | null
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

/** A umask with which the directories that Django makes for uploads are closed to others; null where none is. */
function closedByUmask({ settings, files, runner }: DjangoSite): ClosedMode | null {
  const umask = umaskOf(runner)
  if (umask === null || (umask.bits & 0o001) === 0) return null
  if (settings.get('FILE_UPLOAD_DIRECTORY_PERMISSIONS') !== null) return null
  const directory = uploadDirectory(settings, files)
  if (directory === null) return null
  const mode = (0o777 & ~umask.bits).toString(8).padStart(4, '0')
  return {
    at: umask.at,
    what: `with this umask a directory that Django makes for uploads, such as \`${directory}\`, has mode ${mode}`,
    label: 'closes new directories to others',
    help: 'Write `FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755` into the settings, or give the unit `UMask=0022`',
    ...((umask.bits & 0o010) === 0 && { group: umask.group }),
  }
}

interface Umask {
  readonly bits: number
  readonly at: Place
  /** Of the process, where it is not that of its account. */
  readonly group: string | null
}

/** Servers that start their workers with the umask that they have; the `umask` of gunicorn is for its sockets. */
const KEEP_UMASK = new Set(['gunicorn', 'uvicorn', 'hypercorn', 'daphne', 'waitress', 'granian'])

function umaskOf(runner: DjangoSite['runner']): Umask | null {
  if ('alias' in runner) {
    const option = runner.daemon?.options.get('umask')
    const group = runner.daemon?.options.get('group')?.value
    if (option?.value.known !== true || !/^0?[0-7]{3}$/.test(option.value.value) || group?.known === false)
      return null
    return { bits: Number.parseInt(option.value.value, 8), at: option.valueAt, group: group?.value ?? null }
  }
  const { server, service } = runner
  const isOfUwsgi = server.program === 'uwsgi'
  if (!isOfUwsgi && (!KEEP_UMASK.has(server.program) || server.settings.has('daemon'))) return null
  const fact = isOfUwsgi ? server.umask : (service?.umask ?? null)
  const group = server.group ?? service?.group ?? null
  if (fact?.known !== true || fact.at === null || group?.known === false) return null
  return { bits: fact.value, at: fact.at, group: group?.value ?? null }
}

/** What a field of a model names as the directory of its files below `MEDIA_ROOT`; null where none surely does. */
function uploadDirectory(settings: DjangoSettings, files: FileSystem): string | null {
  const home = projectDirectory(settings)
  const apps = settings.get('INSTALLED_APPS')
  if (home === null || apps?.known !== true || !Array.isArray(apps.value)) return null
  for (const app of apps.value as readonly unknown[]) {
    if (typeof app !== 'string' || !/^\w+(?:\.\w+)*$/.test(app) || app.startsWith('django.')) continue
    const path = app.replace(/\.apps\.\w+$/, '').replaceAll('.', '/')
    const source = sourceAt(files, posix.join(home, path, 'models.py'))
    const field = source === null ? null : UPLOADS_TO.exec(source.code)
    if (field?.[1] !== undefined) return field[1]
  }
  return null
}

/** A new directory for each month is one that nobody has made by hand. */
const UPLOADS_TO = /\b(?:File|Image)Field\([^()]*\bupload_to\s*=\s*["']([^"'\n]*%[YmdHj][^"'\n]*)["']/

/** True where the server may enter as a member of a group. */
function isOfGroup({ machine }: DjangoSite, reader: WorkerAccount, group: string): boolean {
  return reader.group === group || isGroupMember(machine, reader.name, group) !== false
}

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
