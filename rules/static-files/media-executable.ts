import { posix } from 'node:path'
import type { NginxServer } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { servesFile, anonymousRequest } from '../../src/deployment/requests/anonymous-request.ts'
import { type Uploads, uploadUrls } from './_upload-urls.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import {
  djangoProject,
  modWsgiMain,
  nginxMain,
  proxiedServer,
  virtualHost,
  wsgiApplication,
} from '../_examples.ts'
import { toBytes } from '../../src/servers/regex.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'

const MEDIA = '        location /media/ {\n            alias /opt/shop/media/;\n        }\n'
const PHP =
  '        location ~ \\.php$ {\n            root /opt/shop;\n            «fastcgi_pass» 127.0.0.1:9001;\n            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n        }\n'

const tree = (nginx: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer(nginx)),
  'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
  ...djangoProject(conf`
    MEDIA_URL = "/media/"
    MEDIA_ROOT = "/opt/shop/media"
  `),
})

export default defineRule({
  summary: 'What clients upload runs',
  severity: 'warning',
  otherSeverities: { info: 'for pages and scripts that run in a browser' },
  confidence: 'high',
  securitySeverity: 8.1,
  cwe: [434],
  since: '0.1.0',
  why: 'A `location ~ \\.php$` comes before the prefix of the uploads, so that a file named `x.php` among them is a program on this machine. An `x.html` or `x.svg` is a program in the browser of whoever opens it, with the cookies of the site.',
  remedy:
    'Use `location ^~ /media/`, and send uploads from a host of their own or with `Content-Security-Policy: sandbox`',
  references: [
    'https://docs.djangoproject.com/en/stable/topics/security/#user-uploaded-content',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#location',
  ],
  bad: [
    { title: 'PHP beside the uploads', files: tree(MEDIA + PHP) },
    {
      title: 'pages among the uploads',
      files: tree(MEDIA.replace('location', '«location»')),
    },
  ],
  good: [
    {
      title: 'uploads that no expression gets, and that browsers may not run',
      files: tree(
        MEDIA.replace('/media/', '^~ /media/').replace(
          'media/;\n',
          'media/;\n            add_header Content-Security-Policy sandbox;\n',
        ) + PHP,
      ),
    },
    {
      title: 'PHP that finds no upload below its own directory',
      files: tree(
        MEDIA.replace('media/;\n', 'media/;\n            add_header Content-Security-Policy sandbox;\n') +
          PHP.replace('/opt/shop', '/srv/blog'),
      ),
    },
    {
      title: 'uploads that are saved, not shown',
      files: tree(
        MEDIA.replace('media/;\n', 'media/;\n            add_header Content-Disposition attachment;\n'),
      ),
    },
    {
      title: 'uploads that the application serves itself',
      files: tree(''),
    },
  ],
  *check(deployment) {
    for (const [server, all] of uploadUrls(deployment)) {
      for (const uploads of all) {
        const end = anonymousRequest(deployment, server, `${uploads.url}x.php`, `${uploads.directory}/x.php`)
        if (end.kind === 'pass' && end.target.protocol === 'fastcgi') {
          if (!runs(server, end.scope, `${uploads.url}x.php`, `${uploads.directory}/x.php`)) continue
          yield programs(uploads, end.target.directive)
          continue
        }
        const page = `${uploads.url}x.html`
        if (!servesFile(deployment, server, page, `${uploads.directory}/x.html`)) continue
        const location = unprotected(server, page)
        if (location === null) continue
        yield {
          at: namePlace(location),
          severity: 'info',
          message: `A page that a client uploads is \`${page}\`, and its scripts run as those of the site`,
          related: mediaRoot(uploads),
        }
      }
    }
  },
})

/** True where the directory of the block that proxies to PHP makes this file of the path. */
function runs({ configuration }: NginxServer, scope: NginxDirective, path: string, file: string): boolean {
  const base = fileBase(configuration, scope)
  if (!base.known || base.value.kind !== 'root' || base.value.path.includes('$')) return false
  return posix.normalize(`${base.value.path}/${path}`) === file
}

function programs(uploads: Uploads, pass: NginxDirective): RuleFinding {
  return {
    at: namePlace(pass),
    message: `An upload named \`x.php\` is \`${uploads.url}x.php\`, which nginx passes to PHP to run`,
    related: mediaRoot(uploads),
    help: `Write \`location ^~ ${uploads.url}\`, so that no expression gets its files`,
  }
}

function mediaRoot({ directoryAt }: Uploads): NonNullable<RuleFinding['related']> {
  return directoryAt === null ? [] : [{ at: directoryAt, message: 'uploads are kept here' }]
}

/** The block that serves a path; null where a header or the types in force keep scripts from running. */
function unprotected(server: NginxServer, path: string): NginxDirective | null {
  const selected = selectLocation(server.configuration, server.directive, toBytes(path))
  if (!selected.known) return null
  const scope = selected.value.location?.directive ?? server.directive
  if (scope !== server.directive && readLocation(scope).modifier === '@') return null
  const headers = effective(server.configuration, scope, 'add_header')
  const types = effective(server.configuration, scope, 'types')
  if (!headers.known || !types.known) return null
  const protects = headers.value.directives.some(({ args }) =>
    /^content-(?:security-policy|disposition)$/i.test(args[0]?.value ?? ''),
  )
  const isPlain = types.value.level === scope && scope !== server.directive
  return protects || isPlain ? null : scope
}
