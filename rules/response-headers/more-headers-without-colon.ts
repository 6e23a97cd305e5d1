import { type Place, placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type MoreHeader, moreHeaders } from './_more-headers.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`

export default defineRule({
  summary: 'headers-more takes a header away that the line was to set',
  severity: 'warning',
  otherSeverities: { info: 'where the line names a header that nobody sends, and does nothing' },
  confidence: 'high',
  since: '0.1.0',
  unproven: 'The machines of the live tests have no headers-more',
  why: 'Each argument of `more_set_headers` is a whole header, `Name: value`. A name without a value takes that header away, and what is written for its value is the name of another one.',
  remedy: 'Write name and value as one argument: `more_set_headers "X-Frame-Options: DENY";`',
  references: ['https://github.com/openresty/headers-more-nginx-module#more_set_headers'],
  bad: [
    {
      title: 'as `add_header` has it',
      files: {
        'nginx.conf': site('more_set_headers «Strict-Transport-Security "max-age=31536000"»;'),
      },
    },
    {
      title: 'with spaces in the value, of which the first ends a name',
      files: { 'nginx.conf': site(`more_set_headers «Cache-Control 'max-age=3600, public'»;`) },
    },
    {
      title: 'a word that is a value',
      files: { 'nginx.conf': site('more_set_headers -s 200 «X-Frame-Options SAMEORIGIN»;') },
    },
    {
      title: 'an address, whose colon is none of a header',
      files: { 'nginx.conf': site('more_set_headers «Access-Control-Allow-Origin https://example.org»;') },
    },
    {
      title: 'an argument of `add_header`',
      files: { 'nginx.conf': site('more_set_headers "X-Frame-Options: DENY" «always»;') },
    },
    {
      title: 'a value alone',
      files: { 'nginx.conf': site(`more_set_headers «'secret'»;`) },
    },
    {
      title: 'of a request',
      files: { 'nginx.conf': site('more_set_input_headers «X-Forwarded-Proto $scheme»;') },
    },
  ],
  good: [
    {
      title: 'name and value in one',
      files: {
        'nginx.conf': site(conf`
          more_set_headers "Strict-Transport-Security: max-age=31536000" 'X-Frame-Options: DENY';
          more_set_headers -s '404 500' -t text/html "Cache-Control: no-store";
          more_set_headers -a "Link: </style.css>; rel=preload";
          more_set_input_headers "X-Forwarded-Proto: $scheme";
        `),
      },
    },
    {
      title: 'a space for the colon, with which the module is content',
      files: { 'nginx.conf': site('more_set_headers "X-Frame-Options SAMEORIGIN";') },
    },
    {
      title: 'headers that are taken away',
      files: {
        'nginx.conf': site(conf`
          more_set_headers Server;
          more_set_headers Server X-Powered-By "X-Served-By: shop";
          more_set_headers "Server:" ETag:;
          more_set_headers $which;
        `),
      },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx)
      for (const name of ['more_set_headers', 'more_set_input_headers'])
        for (const line of occurrences.get(name) ?? []) yield* faults(moreHeaders(line))
  },
})

function* faults(headers: readonly MoreHeader[]): Iterable<RuleFinding> {
  for (const [index, header] of headers.entries()) {
    if (header.hasColon || header.value !== '' || !/^[A-Za-z][\w-]*$/.test(header.name)) continue
    const next = headers[index + 1]
    if (next !== undefined && isValue(next)) {
      yield parted(header, next)
      // Only the pair is to be told of.
      return
    }
    if (header.text === 'always' && index > 0)
      yield {
        at: header.at,
        severity: 'info',
        message:
          'headers-more knows no `always`, and takes it for the name of a header: what it sets, it sets with every status',
        help: 'Take `always` away',
      }
    else if (headers.length === 1 && /^[a-z]+$/.test(header.name) && !SENT.has(header.name))
      yield {
        at: header.at,
        severity: 'info',
        message: `\`${header.name}\` is the name of a header here, and has no value: the line takes this header away, and sets none`,
      }
  }
}

function parted(name: MoreHeader, value: MoreHeader): RuleFinding {
  const at: Place = { ...name.at, end: value.at.end }
  const right = `"${name.name}: ${value.text}"`
  const isPlain = !value.text.includes('"') && /^[\w-]+\s+\S/.test(placeText(at))
  return {
    at,
    message: `\`${name.name}\` is without a value, so the header is taken away; \`${value.name}\` is the name of another one`,
    ...propose('Write them as one', 'unsafe', [isPlain ? replacePlace(at, right) : null]),
  }
}

/** True of what no header is called, and of words that are known as values. */
function isValue({ name, text, value, hasColon }: MoreHeader): boolean {
  if (hasColon) return value.startsWith('//')
  return (
    !/^[A-Za-z][\w-]*$/.test(name) ||
    (value !== '' && /[=;,*/]/.test(text)) ||
    /^(?:sameorigin|deny|nosniff|no-referrer|same-origin|origin|no-?store|no-cache|public|private|noindex|none|true|false)$/i.test(
      name,
    )
  )
}

/** Headers of one word, which a line may take away. */
const SENT: ReadonlySet<string> = new Set([
  ...[
    'server',
    'via',
    'etag',
    'expires',
    'pragma',
    'vary',
    'link',
    'date',
    'age',
    'allow',
    'location',
    'refresh',
  ],
  ...[
    'origin',
    'referer',
    'cookie',
    'range',
    'host',
    'accept',
    'upgrade',
    'connection',
    'authorization',
    'trailer',
  ],
  ...[
    'status',
    'alternates',
    'warning',
    'public',
    'from',
    'te',
    'expect',
    'p',
    'proxy',
    'forwarded',
    'priority',
  ],
])
