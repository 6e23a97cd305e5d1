import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { effective, effectiveValue, isOn } from '../../src/servers/nginx/queries/effective.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { typeInList, typesOfExtension } from './_media-types.ts'

const SCRIPT = 'srv/www/app.js'
const LONG = `${'document.title = "the same words again and again"\n'.repeat(100)}`

const nginx = (types: string, location = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([
    conf`
      include mime.types;
      gzip on;
      gzip_types text/css ${types};
    `,
    nginxServer(conf`
      root /srv/www;
      ${location}
    `),
  ]),
  'etc/nginx/mime.types': conf`
    types {
        text/html html;
        text/css css;
        application/javascript js;
    }
  `,
  [SCRIPT]: LONG,
})
const withoutTable = ({ 'etc/nginx/mime.types': _, ...files }: Record<string, string>) => files

const apache = (lines: string, table = 'text/javascript js\n'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      TypesConfig /etc/mime.types
      DocumentRoot /srv/www
      <Directory /srv/www>
          Require all granted
      </Directory>
      ${lines}
    `,
    ['filter', 'deflate', 'mime', 'dir'],
  ),
  'etc/mime.types': `text/html html\ntext/css css\n${table}`,
  [SCRIPT]: LONG,
})

export default defineRule({
  summary: 'Scripts are to be compressed, and the list has another type than they are sent with',
  severity: 'warning',
  otherSeverities: { info: 'where `gzip on` has no list, so that nothing but HTML is compressed' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx and Apache compress by the type of the answer. JavaScript has had several: `application/x-javascript` until about 2013, then `application/javascript`, which the `mime.types` of nginx has, and `text/javascript`, which that of Debian has. A list that has another one leaves scripts, the largest files of most pages, as they are. Without a list nginx compresses `text/html` alone, as the `nginx.conf` of Debian does, in which `gzip_types` is a comment.',
  remedy: 'List all that scripts may be sent with: `application/javascript text/javascript`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_gzip_module.html#gzip_types',
    'https://httpd.apache.org/docs/2.4/mod/mod_filter.html#addoutputfilterbytype',
    'https://www.rfc-editor.org/rfc/rfc9239',
  ],
  bad: [
    { title: 'the type of years ago', files: nginx('«application/x-javascript»') },
    { title: 'a newer type than the table has', files: nginx('«text/javascript»') },
    {
      title: 'files beside an application',
      files: nginx(
        '«text/javascript»',
        conf`
          location /static/ {
              alias /srv/www/static/;
          }
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      ),
    },
    {
      title: 'the table of the package, which is not here',
      files: withoutTable(nginx('«application/x-javascript»')),
    },
    {
      title: 'a newer type than the table of the package has, which is not here',
      files: withoutTable(nginx('«text/javascript»')),
    },
    { title: 'no list, as Debian has it', files: withoutList(nginx('text/javascript')) },
    {
      title: 'Apache, with the type of years ago',
      files: apache('AddOutputFilterByType DEFLATE text/css «application/x-javascript»'),
    },
    {
      title: 'Apache, with an older type than the table has',
      files: apache('AddOutputFilterByType DEFLATE text/css «application/javascript»'),
    },
  ],
  good: [
    { title: 'the type of the table', files: nginx('application/x-javascript application/javascript') },
    { title: 'any type', files: nginx('application/x-javascript *') },
    {
      title: 'a table of its own',
      files: {
        ...nginx('text/javascript'),
        'etc/nginx/mime.types': conf`
          types {
              text/javascript js;
          }
        `,
      },
    },
    {
      title: 'scripts of a backend, whose type it chooses',
      files: nginx(
        'text/javascript',
        conf`
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      ),
    },
    {
      title: 'nothing of scripts, on purpose',
      files: nginx('text/xml'),
    },
    { title: 'not compressed at all', files: turnedOff(nginx('text/javascript')) },
    {
      title: 'no list in a part of a configuration, whose main file may have it',
      files: {
        'site.conf': conf`
          gzip on;
          ${nginxServer('root /srv/www;')}
        `,
      },
    },
    {
      title: 'no list, and files that are compressed already',
      files: withoutList(nginx('text/javascript', 'gzip_static on;'), 'gzip'),
    },
    {
      title: 'Apache, with all types',
      files: apache(conf`
        AddOutputFilterByType DEFLATE text/css application/x-javascript
        AddOutputFilterByType DEFLATE application/javascript text/javascript
      `),
    },
    {
      title: 'Apache, with the type of its table',
      files: apache('AddOutputFilterByType DEFLATE application/javascript', 'application/javascript js\n'),
    },
    {
      title: 'Apache, with a type of its own',
      files: apache(conf`
        AddType application/x-javascript .js
        AddOutputFilterByType DEFLATE application/x-javascript
      `),
    },
    {
      title: 'Apache, which compresses everything',
      files: apache(conf`
        SetOutputFilter DEFLATE
        AddOutputFilterByType DEFLATE application/x-javascript
      `),
    },
  ],
  *check(deployment) {
    if (deployment.nginx.some(({ occurrences }) => occurrences.has('gzip')))
      for (const server of deployment.servers) yield* ofServer(deployment, server)
    for (const configuration of deployment.apache)
      yield* ofApache(configuration, deployment.filesOf(configuration))
  },
})

/** The list as a comment; the switch is what is marked. */
function withoutList(files: Record<string, string>, marked = '«gzip»'): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      text.replace('gzip on;', `${marked} on;`).replace('gzip_types', '# gzip_types'),
    ]),
  )
}

function turnedOff(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, text.replace('gzip on;', 'gzip off;')]),
  )
}

const OF_SCRIPTS = /^(?:application|text)\/(?:x-)?(?:java|ecma)script$/i
/** What every table has had since 2013, the one of nginx and those of systems. */
const NOWADAYS = ['application/javascript', 'text/javascript']

/** What the table has that comes with nginx, from 1.5.4 to 1.31. */
const OF_NGINX = ['application/javascript']

/** True where nginx reads the table that comes with it, which people leave out of their repositories. */
function hasOwnTable({ occurrences, stockMain }: NginxConfiguration): boolean {
  const includes = occurrences.get('include') ?? []
  return (
    stockMain === true ||
    includes.some(({ args }) => /^(?:\/etc\/nginx\/)?mime\.types$/.test(args[0]?.value ?? ''))
  )
}

function* ofServer(deployment: Deployment, server: NginxServer) {
  const { configuration, directive } = server
  if (!configuration.occurrences.has('gzip')) return
  for (const path of pathsOfFiles(directive)) {
    const answer = askServer(deployment, server, `${path}${EXISTING}.js`)
    if (answer?.end.kind !== 'file') continue
    const scope = answer.steps.findLast(({ kind }) => kind === 'location')?.directive ?? directive
    yield* inScope(configuration, scope)
  }
}

/** Locations of one server that are asked. */
const MOST_LOCATIONS = 8

/** Where scripts may lie: at the root, and below each location that has files of its own. */
function pathsOfFiles({ children }: NginxDirective): readonly string[] {
  const own = children.flatMap(line => {
    if (line.name !== 'location' || !line.children.some(({ name }) => name === 'root' || name === 'alias'))
      return []
    const { modifier, name } = readLocation(line)
    return (modifier === '' || modifier === '^~') && name.startsWith('/') && name !== '/' ? [name] : []
  })
  return ['/', ...own.slice(0, MOST_LOCATIONS).map(name => (name.endsWith('/') ? name : `${name}/`))]
}

function* inScope(configuration: NginxConfiguration, scope: NginxDirective) {
  const lists = effective(configuration, scope, 'gzip_types')
  const gzip = isOn(configuration, scope, 'gzip', false)
  if (!lists.known || !lists.value.complete || !gzip.known || !gzip.value) return
  if (lists.value.directives.length === 0) {
    yield* withoutTypes(configuration, scope)
    return
  }
  const words = lists.value.directives.flatMap(line =>
    line.args.map(({ value }, index) => ({ value: value.toLowerCase(), at: argumentPlace(line, index) })),
  )
  const first = words.find(({ value }) => OF_SCRIPTS.test(value))
  if (first === undefined || words.some(({ value }) => /^\*$|[$]/.test(value))) return
  const tables = effective(configuration, scope, 'types')
  const isRead = tables.known && tables.value.complete && tables.value.directives.length > 0
  const type = isRead ? typesOfExtension(tables.value.directives, 'js').at(-1) : null
  if (type === undefined) return
  const sent = type === null ? (hasOwnTable(configuration) ? OF_NGINX : NOWADAYS) : [type.name]
  if (words.some(({ value }) => sent.includes(value))) return
  yield {
    at: first.at,
    message: `scripts are sent as \`${sent.join('` or `')}\`, so nginx compresses none`,
    label: 'not their type',
    related: type === null ? [] : [{ at: type.at, message: 'the type of scripts' }],
  }
}

function* withoutTypes(configuration: NginxConfiguration, scope: NginxDirective): Iterable<RuleFinding> {
  const switches = effective(configuration, scope, 'gzip')
  const compressed = effectiveValue(configuration, scope, 'gzip_static', 'off')
  if (!switches.known || !compressed.known || compressed.value !== 'off') return
  const line = switches.value.directives.at(-1)
  if (line === undefined) return
  yield {
    at: namePlace(line),
    severity: 'info',
    message:
      'no `gzip_types` is set, so nginx compresses `text/html` alone, and scripts and style sheets go as they are',
    label: 'for HTML alone',
    help: 'Write `gzip_types text/css application/javascript text/javascript application/json image/svg+xml;` beside it',
  }
}

function* ofApache(configuration: ApacheConfiguration, files: FileSystem) {
  if (!configuration.occurrences.has('addoutputfilterbytype') || !isWhole(configuration)) return
  const lines = everywhere(configuration, files, 'addoutputfilterbytype')
  const words = lines.flatMap(line =>
    /(?:^|;)(?:DEFLATE|BROTLI_COMPRESS)(?:;|$)/i.test(line.args[0]?.value ?? '')
      ? line.args
          .slice(1)
          .map(({ value }, index) => ({ value: value.toLowerCase(), at: argumentPlace(line, index + 1) }))
      : [],
  )
  const first = words.find(({ value }) => OF_SCRIPTS.test(value))
  if (first === undefined || words.some(({ value }) => /[$*]/.test(value))) return
  // Other lines may put the filter in front of whatever they like.
  const others = [
    'setoutputfilter',
    'addoutputfilter',
    'filterprovider',
    'addtype',
    'forcetype',
    'sethandler',
  ]
  if (others.some(name => everywhere(configuration, files, name).some(mayConcernScripts))) return
  const path = configuration.occurrences.get('typesconfig')?.at(-1)?.args[0]?.value ?? '/etc/mime.types'
  const table = sourceAt(files, path)
  const type = table === null ? null : typeInList(table, 'js')
  if (table !== null && type === null) return
  const sent = type === null ? NOWADAYS : [type.name]
  if (words.some(({ value }) => sent.includes(value))) return
  yield {
    at: first.at,
    message: `scripts are sent as \`${sent.join('` or `')}\`, so Apache compresses none`,
    label: 'not their type',
    related: type === null ? [] : [{ at: type.at, message: 'the type of scripts' }],
  }
}

function mayConcernScripts({ name, args }: { name: string; args: readonly { value: string }[] }): boolean {
  return /^Add/i.test(name)
    ? args.some(({ value }) => /^\.?js$|script|\$/i.test(value))
    : !/^SetHandler$/i.test(name)
}
