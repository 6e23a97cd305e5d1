import { isUnknownWord } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  )

export default defineRule({
  summary: 'A comma in a list of words belongs to the word',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx separates words by spaces alone. `index.php,` is a file that nobody has, `none,` the name of a host, `text/css,` a type that no answer has, and a value that ends in a comma is never empty: the check is content, and the line does nothing for that word, or always something.',
  remedy: 'Separate the words by spaces',
  references: ['https://nginx.org/en/docs/beginners_guide.html#conf_structure'],
  bad: [
    {
      title: 'files for the start page',
      files: { 'etc/nginx/nginx.conf': nginx('index «start.html,» home.html;') },
    },
    {
      title: 'types that are compressed',
      files: { 'etc/nginx/nginx.conf': nginx('gzip on;\ngzip_types «text/css,» application/json;') },
    },
    {
      title: 'types in one word',
      files: {
        'etc/nginx/nginx.conf': nginx('gzip on;\ngzip_types «text/css,application/json,image/svg+xml»;'),
      },
    },
    {
      title: 'sites that may link',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          valid_referers «none,» blocked, example.org;
          if ($invalid_referer) {
              return 403;
          }
        `),
      },
    },
    {
      title: 'files that are tried',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              try_files «$uri,» $uri/, /index.html;
          }
        `),
      },
    },
    {
      title: 'conditions of a cache',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              proxy_cache_bypass «$cookie_session,» $arg_fresh;
              proxy_no_cache $cookie_session $arg_fresh;
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header Host $host;
          }
        `),
      },
    },
    {
      title: 'files and conditions in one word',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          index «start.html,home.html»;
          location / {
              proxy_no_cache «$cookie_session,$arg_fresh»;
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header Host $host;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'spaces',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          index start.html home.html;
          gzip on;
          gzip_types text/css application/json;
          valid_referers none blocked example.org "~\.example\.(?:org|net)/[a-z]{1,3}/";
          if ($invalid_referer) {
              return 403;
          }
          location / {
              try_files $uri $uri/ /pages/one,two.html;
          }
        `),
      },
    },
    {
      title: 'commas that another directive asks for',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              secure_link $arg_md5,$arg_expires;
              secure_link_md5 "$secure_link_expires$uri secret";
              if ($secure_link != 1) {
                  return 403;
              }
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const name of NAMES) {
        for (const directive of occurrences.get(name) ?? []) {
          const { splits, effect } = LISTS[name]
          const faulty = [...directive.args.keys()].filter(index =>
            holdsComma(directive.args[index]?.value ?? '', splits),
          )
          const [first] = faulty
          if (first === undefined) continue
          const word = directive.args[first]?.value ?? ''
          yield {
            at: argumentPlace(directive, first),
            message: `the comma belongs to \`${word}\`: ${effect}`,
            label: 'one word',
            ...propose(
              'Separate the words by spaces',
              'unsafe',
              faulty.map(index => {
                const at = argumentPlace(directive, index)
                const value = directive.args[index]?.value ?? ''
                const isAsWritten = at.source.text.slice(at.start, at.end) === value
                return isAsWritten ? replacePlace(at, wordsOf(value, splits)) : null
              }),
            ),
          }
        }
      }
    }
  },
})

interface List {
  /** True where no word of the list holds a comma, so that one in the middle parts two words. */
  readonly splits: boolean
  readonly effect: string
}

const TYPES: List = { splits: true, effect: 'no answer has such a type' }
const CONDITION: List = {
  splits: false,
  effect: 'with it the value is never empty, so the condition always holds',
}

/** The directives whose words nginx takes as they are, whatever they hold. */
const LISTS = {
  index: { splits: true, effect: 'no such file is found' },
  try_files: { splits: false, effect: 'no such file is found' },
  valid_referers: { splits: true, effect: 'it is taken for the name of a host' },
  gzip_types: TYPES,
  brotli_types: TYPES,
  zstd_types: TYPES,
  sub_filter_types: TYPES,
  charset_types: TYPES,
  addition_types: TYPES,
  ssi_types: TYPES,
  proxy_cache_bypass: CONDITION,
  proxy_no_cache: CONDITION,
  fastcgi_cache_bypass: CONDITION,
  fastcgi_no_cache: CONDITION,
  uwsgi_cache_bypass: CONDITION,
  uwsgi_no_cache: CONDITION,
  scgi_cache_bypass: CONDITION,
  scgi_no_cache: CONDITION,
} satisfies Readonly<Record<string, List>>

const NAMES = Object.keys(LISTS) as (keyof typeof LISTS)[]

function holdsComma(word: string, splits: boolean): boolean {
  if (isUnknownWord(word)) return false
  return (
    /^[^,]+,$|^,$|^\$\w+(?:,\$\w+)+$/.test(word) || (splits && !word.startsWith('~') && word.includes(','))
  )
}

function wordsOf(word: string, splits: boolean): string {
  return splits || word.startsWith('$') ? word.split(',').join(' ').trim() : word.replace(/,$/, '')
}
