import { isSlip } from '../../parsers/text/slip.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace as apachePlace } from '../../src/servers/apache/queries/places.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  ),
  'srv/www/app.mjs': 'export default 1\n',
})

const apache = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      TypesConfig /etc/mime.types
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          Require all granted
      </Directory>
      ${lines}
    `,
    ['deflate', 'expires', 'filter', 'mime'],
  ),
  'srv/www/app.mjs': 'export default 1\n',
})

export default defineRule({
  summary: 'A media type is misspelt',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'No server knows which media types there are. A script that is sent as `application/javscript` is not run as a module, nor at all with `X-Content-Type-Options: nosniff`, and a page that is sent as `text/hmtl` is downloaded. A list of what is compressed, or kept, has one type less.',
  remedy: 'Write the type as IANA has it: `text/javascript`, `application/json`',
  references: [
    'https://www.iana.org/assignments/media-types/media-types.xhtml',
    'https://html.spec.whatwg.org/multipage/webappapis.html#fetch-a-single-module-script',
  ],
  bad: [
    {
      title: 'the type of modules',
      files: nginx(conf`
        types {
            «application/javscript» mjs;
        }
      `),
    },
    { title: 'the type of everything else', files: nginx('default_type «text/plian»;') },
    {
      title: 'what is compressed',
      files: nginx(conf`
        gzip on;
        gzip_types text/css «application/javascipt» aplication/json application/json;
      `),
    },
    { title: 'the type of modules in Apache', files: apache('AddType «text/javascritp» .mjs') },
    {
      title: 'what is compressed and kept, by Apache',
      files: apache(conf`
        AddOutputFilterByType DEFLATE «text/hmtl» text/css
        ExpiresActive On
        ExpiresByType «test/css» "access plus 1 month"
      `),
    },
  ],
  good: [
    {
      title: 'types as they are',
      files: nginx(conf`
        default_type text/plain;
        gzip on;
        gzip_types text/css application/javascript application/x-javascript image/svg+xml;
        types {
            application/javascript mjs;
        }
      `),
    },
    {
      title: 'types that are nearly others',
      files: nginx(conf`
        types {
            text/csv csv;
            text/xhtml xhtml;
            application/json5 json5;
            application/jsonl jsonl;
            application/bson bson;
            application/x-plain plain;
        }
      `),
    },
    { title: 'the types in Apache', files: apache('AddType text/javascript .mjs') },
  ],
  *check({ nginx: configurations, apache: others, filesOf }) {
    for (const { given, listed } of [
      ...configurations.map(typesOfNginx),
      ...others.map(configuration => typesOfApache(configuration, filesOf(configuration))),
    ]) {
      const sent = new Set(given.map(({ value }) => value))
      for (const { value, at } of given) {
        const right = meantBy(value)
        if (right !== null)
          yield {
            at,
            message: `files are sent as \`${value}\`, which is no media type`,
            ...writing(at, right),
          }
      }
      for (const list of listed) {
        const words = new Set(list.map(({ value }) => value))
        for (const { value, at } of list) {
          const right = meantBy(value)
          if (right === null || sent.has(value) || words.has(right)) continue
          yield {
            at,
            message: `nothing is sent as \`${value}\`, so it selects nothing`,
            ...writing(at, right),
          }
        }
      }
    }
  },
})

/** A media type in small letters, and where it is written. */
interface Word {
  readonly value: string
  readonly at: Place
}

interface Types {
  /** What files are sent as. */
  readonly given: readonly Word[]
  /** What is compared with the types of answers, each list by itself. */
  readonly listed: readonly (readonly Word[])[]
}

function typesOfNginx({ occurrences }: NginxConfiguration): Types {
  const wordsOf = (name: string): readonly Word[] =>
    (occurrences.get(name) ?? []).flatMap((line: NginxDirective) =>
      line.args.map(({ value }, index) => ({ value: value.toLowerCase(), at: argumentPlace(line, index) })),
    )
  const entries = (occurrences.get('types') ?? []).flatMap(({ children }) => children)
  return {
    given: [
      ...entries.map(entry => ({ value: entry.name.toLowerCase(), at: namePlace(entry) })),
      ...wordsOf('default_type'),
    ],
    // The type of pages needs no place in these lists.
    listed: ['gzip_types', 'brotli_types'].map(name =>
      wordsOf(name).filter(({ value }) => !value.startsWith('text/h')),
    ),
  }
}

function typesOfApache(configuration: ApacheConfiguration, files: FileSystem): Types {
  const wordsOf = (name: string, from: number, to: number): readonly Word[] =>
    everywhere(configuration, files, name).flatMap((line: ApacheDirective) =>
      line.args
        .map(({ value }, index) => ({ value: value.toLowerCase(), at: apachePlace(line, index) }))
        .slice(from, to),
    )
  return {
    given: ['addtype', 'forcetype'].flatMap(name => wordsOf(name, 0, 1)),
    listed: [wordsOf('addoutputfilterbytype', 1, Infinity), wordsOf('expiresbytype', 0, 1)],
  }
}

function writing(at: Place, right: string) {
  return propose(`Write \`${right}\``, 'unsafe', [
    /["']/.test(placeText(at)) ? null : replacePlace(at, right),
  ])
}

/** Types that pages, scripts and APIs need, by what stands before the slash. */
const KNOWN: readonly (readonly [string, readonly string[]])[] = [
  ['application', ['javascript', 'x-javascript', 'json']],
  ['text', ['javascript', 'html', 'css', 'plain', 'xml']],
  ['image', ['svg+xml', 'png', 'jpeg']],
]

/** The type that a word is a slip of; null for a type, and for what may be one of somebody's own. */
function meantBy(word: string): string | null {
  const [kind = '', name = '', ...rest] = word.split('/')
  if (rest.length > 0) return null
  for (const [right, names] of KNOWN) {
    if (kind !== right) {
      if (names.includes(name) && isSlip(kind, right, 1)) return `${right}/${name}`
      continue
    }
    const meant = names.includes(name) ? undefined : names.find(each => isMisspelt(name, each))
    if (meant !== undefined) return `${right}/${meant}`
  }
  return null
}

/** Of short names only letters that change places: `text/csv` is another type than `text/css`, and `json5` than `json`. */
function isMisspelt(name: string, right: string): boolean {
  const isSwapped = [...name].sort().join('') === [...right].sort().join('')
  return (isSwapped || right.includes('javascript')) && isSlip(name, right, 2)
}
