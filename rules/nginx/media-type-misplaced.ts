import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain([
    lines,
    nginxServer(conf`
      root /srv/www;
    `),
  ])
const PAGE = { 'srv/www/page.data': 'page' }

export default defineRule({
  summary: 'The extension of a file stands where nginx wants a media type',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`gzip_types` and its like compare the `Content-Type` of an answer, which is `text/css` and never `css`. In `types` the media type comes first and the extensions follow: the other way round no file gets the type.',
  remedy: 'Write `gzip_types text/css application/javascript;` and `text/css css;`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_gzip_module.html#gzip_types',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#types',
  ],
  bad: [
    {
      title: 'extensions to compress',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'gzip on;\ngzip_min_length 1;\ngzip_types «data» js;\ndefault_type text/data;',
        ),
        ...PAGE,
      },
    },
    {
      title: 'the extension first',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          types {
              «data» text/x-data;
          }
        `),
        ...PAGE,
      },
    },
    {
      title: 'a type without its slash',
      files: { 'etc/nginx/nginx.conf': nginx('default_type «html»;'), ...PAGE },
    },
  ],
  good: [
    {
      title: 'media types',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          gzip on;
          gzip_min_length 1;
          gzip_types text/css text/data;
          sub_filter_types *;
          default_type text/data;
          types {
              text/x-data data dat;
              text/html html;
          }
        `),
        ...PAGE,
      },
    },
    {
      title: 'no type at all, and a name of one',
      files: {
        'etc/nginx/nginx.conf': nginx('default_type "";\ngzip_types application/json x-type/x;'),
        ...PAGE,
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const name of LISTS) {
        for (const directive of occurrences.get(name) ?? []) {
          const index = directive.args.findIndex(({ value }) => isExtension(value))
          if (index === -1) continue
          const word = directive.args[index]?.value ?? ''
          yield {
            at: argumentPlace(directive, index),
            message:
              name === 'default_type'
                ? `\`${word}\` is no media type: browsers are sent \`Content-Type: ${word}\``
                : `\`${word}\` is no media type, so no answer has it`,
          }
        }
      }
      for (const types of occurrences.get('types') ?? []) {
        for (const entry of types.children) {
          const other = entry.args.find(({ value }) => /^[a-z]+\/[\w.+-]+$/.test(value))
          if (other === undefined || !isExtension(entry.name)) continue
          yield {
            at: namePlace(entry),
            message: `\`${other.value}\` is taken for an extension: the media type comes first`,
            help: `write \`${other.value} ${entry.name.replace(/^\./, '')};\``,
          }
        }
      }
    }
  },
})

/** The directives that take media types. */
const LISTS = [
  'default_type',
  'gzip_types',
  'brotli_types',
  'zstd_types',
  'sub_filter_types',
  'charset_types',
  'addition_types',
  'ssi_types',
]

function isExtension(word: string): boolean {
  return !isUnknownWord(word) && EXTENSIONS.test(word)
}

const EXTENSIONS =
  /^\.?(?:html?|css|m?js|json|xml|svgz?|txt|php|ico|png|jpe?g|gif|webp|woff2?|ttf|otf|eot|rss|atom|pdf|wasm|data|plain|javascript|font|image)$/i
