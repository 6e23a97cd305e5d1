import type { Place } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { nginxServer } from '../_examples.ts'

const nginx = (types: string, lines = ''): Record<string, string> => ({
  'site.conf': conf`
    gzip on;
    gzip_types text/plain text/css ${types};
    ${nginxServer(conf`
      ${lines}
      location /api/ {
          proxy_pass http://127.0.0.1:8000;
      }
    `)}
  `,
})

export default defineRule({
  summary: 'A list of what is compressed names a media type that nothing is sent with',
  severity: 'warning',
  otherSeverities: { info: 'for pictures of SVG' },
  confidence: 'medium',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`gzip_types` and `AddOutputFilterByType` compare the `Content-Type` of an answer with their list. JSON is sent as `application/json`, by nginx, by Apache and by every framework: a list that has `text/json` in its place leaves the answers of an API as they are, ten times as large.',
  remedy:
    'Write the type that is sent: `application/json`, `image/svg+xml`, `application/javascript text/javascript`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_gzip_module.html#gzip_types',
    'https://httpd.apache.org/docs/2.4/mod/mod_filter.html#addoutputfilterbytype',
    'https://www.rfc-editor.org/rfc/rfc8259#section-11',
  ],
  unproven:
    'What nothing sends no request shows; `static-files/scripts-not-compressed` is shown with such a list',
  bad: [
    { title: 'another type of JSON', files: nginx('«text/json» text/javascript application/javascript') },
    {
      title: 'in the main file of a role',
      files: {
        'roles/web/templates/nginx.conf.j2': conf`
          worker_processes {{ workers }};
          events {
              worker_connections 1024;
          }
          http {
              include /etc/nginx/mime.types;
              gzip on;
              gzip_types
                  text/css
                  «text/x-json»
                  application/javascript;
              include /etc/nginx/conf.d/*.conf;
          }
        `,
      },
    },
    {
      title: 'Apache',
      files: {
        '.htaccess': conf`
          <IfModule mod_deflate.c>
              AddOutputFilterByType DEFLATE text/html text/css «text/json»
          </IfModule>
        `,
      },
    },
    { title: 'a part of the type of SVG', files: nginx('application/json «image/svg»') },
    { title: 'scripts', files: nginx('application/json «application/js»') },
  ],
  good: [
    { title: 'beside the right one', files: nginx('text/json application/json image/svg image/svg+xml') },
    { title: 'every type', files: nginx('text/json *') },
    { title: 'a type that a location gives', files: nginx('text/json', 'default_type text/json;') },
    {
      title: 'a type that the table gives',
      files: nginx(
        'text/json',
        conf`
        types {
            text/json json;
        }
      `,
      ),
    },
    {
      title: 'a list of its own for the API',
      files: nginx(
        'text/json',
        conf`
        location /v2/ {
            gzip_types application/json;
            proxy_pass http://127.0.0.1:8001;
        }
      `,
      ),
    },
    {
      title: 'not compressed at all',
      files: { 'site.conf': nginx('text/json')['site.conf']!.replace('gzip on', 'gzip off') },
    },
    {
      title: 'Apache, which gives the type itself',
      files: {
        '.htaccess': conf`
          AddType text/json .json
          AddOutputFilterByType DEFLATE text/html text/json
        `,
      },
    },
  ],
  *check({ nginx, apache, filesOf }) {
    for (const { occurrences } of nginx) {
      const lists = occurrences.get('gzip_types') ?? []
      const switches = occurrences.get('gzip') ?? []
      if (
        lists.length === 0 ||
        (switches.length > 0 && switches.every(({ args }) => args[0]?.value === 'off'))
      )
        continue
      const given = new Set([
        ...(occurrences.get('default_type') ?? []).map(({ args }) => args[0]?.value.toLowerCase() ?? ''),
        ...(occurrences.get('types') ?? []).flatMap(({ children }) =>
          children.map(({ name }) => name.toLowerCase()),
        ),
      ])
      // What is sent so by a program is seen in no file of a server.
      const lines = ['add_header', 'more_set_headers', 'return'].flatMap(name => occurrences.get(name) ?? [])
      for (const { args } of lines) for (const { value } of args) given.add(value.toLowerCase())
      const words = lists.flatMap(line =>
        line.args.map(({ value }, index) => ({ value: value.toLowerCase(), at: argumentPlace(line, index) })),
      )
      yield* unsent(words, given)
    }
    for (const configuration of apache) {
      const named = (name: string) => everywhere(configuration, filesOf(configuration), name)
      const words = named('addoutputfilterbytype').flatMap(line =>
        /(?:^|;)(?:DEFLATE|BROTLI_COMPRESS)(?:;|$)/i.test(line.args[0]?.value ?? '')
          ? line.args
              .slice(1)
              .map(({ value }, index) => ({ value: value.toLowerCase(), at: argumentPlace(line, index + 1) }))
          : [],
      )
      if (words.length === 0 || named('setoutputfilter').length > 0) continue
      const given = new Set(
        ['addtype', 'forcetype', 'defaulttype', 'header', 'filterprovider'].flatMap(name =>
          named(name).flatMap(({ args }) => args.map(({ value }) => value.toLowerCase())),
        ),
      )
      yield* unsent(words, given)
    }
  },
})

interface Word {
  readonly value: string
  readonly at: Place
}

function* unsent(words: readonly Word[], given: ReadonlySet<string>) {
  const listed = new Set(words.map(({ value }) => value))
  if (words.some(({ value }) => /^\*$|[$\0\uFFFD]/.test(value))) return
  const told = new Set<string>()
  for (const { value, at } of words) {
    const right = SENT.get(value)
    if (right === undefined || given.has(value) || right.some(type => listed.has(type))) continue
    // One list, or one for each server that copies it.
    if (told.has(`${at.source.path} ${value}`)) continue
    told.add(`${at.source.path} ${value}`)
    yield {
      at,
      ...(value === 'image/svg' && { severity: 'info' as const }),
      message: `nothing is sent as \`${value}\`, and \`${right[0]}\` is not in the list: it is not compressed`,
      label: 'no such type',
      ...propose(`Write \`${right[0]}\``, 'unsafe', [replacePlace(at, right[0])]),
    }
  }
}

const JSON_TYPES = ['application/json'] as const
const SCRIPT_TYPES = ['application/javascript', 'text/javascript', 'application/x-javascript'] as const

/** What looks like a media type and is not sent, and what is. */
const SENT: ReadonlyMap<string, readonly [string, ...string[]]> = new Map<
  string,
  readonly [string, ...string[]]
>([
  ['text/json', JSON_TYPES],
  ['text/x-json', JSON_TYPES],
  ['application/x-json', JSON_TYPES],
  ['image/svg', ['image/svg+xml']],
  ['text/js', SCRIPT_TYPES],
  ['application/js', SCRIPT_TYPES],
])
