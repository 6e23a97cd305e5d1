import { argumentPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const site = (line: string): string => conf`
  server {
      listen 80;
      server_name www.example.org;
      ${line}
  }
`

export default defineRule({
  summary: 'A redirect repeats the query',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`$request_uri` holds the query, and `rewrite` appends the query once more unless its target ends in `?`; so does `$is_args$args` behind it: `/page?id=1` is redirected to `/page?id=1?id=1`, and the application reads `1?id=1`.',
  remedy: 'Write `return 301 https://example.org$request_uri;`, or end the target in `?`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite'],
  bad: [
    {
      title: 'a status in the place of the pattern',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              server_name www.example.org;
              rewrite 301 «http://example.org$request_uri» permanent;
          }
        `,
      },
    },
    {
      title: 'the whole request behind another host',
      files: { 'nginx.conf': site('rewrite ^ «http://example.org$request_uri» permanent;') },
    },
    {
      title: 'the query written out',
      files: { 'nginx.conf': site('rewrite ^/old/(.*)$ «/new/$1$is_args$args» redirect;') },
    },
    {
      title: 'the query behind the whole request',
      files: { 'nginx.conf': site('return 301 «https://example.org$request_uri$is_args$args»;') },
    },
    {
      title: 'the arguments behind a question mark',
      files: { 'nginx.conf': site('rewrite ^/catalog/(.*)$ «/products/$1?$args» permanent;') },
    },
  ],
  good: [
    {
      title: 'the query taken away',
      files: { 'nginx.conf': site('rewrite ^ http://example.org$request_uri? permanent;') },
    },
    {
      title: '`return`, which appends nothing',
      files: { 'nginx.conf': site('return 301 http://example.org$request_uri;') },
    },
    {
      title: 'behind a parameter, where nginx writes `&`',
      files: { 'nginx.conf': site('rewrite ^ /login?next=$uri permanent;') },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const line of occurrences.get('return') ?? []) {
        const target = line.args.at(-1)?.value ?? ''
        const repeated = TWICE.exec(target)?.[1]
        if (repeated === undefined) continue
        const at = argumentPlace(line, line.args.length - 1)
        yield {
          at,
          message: `\`$request_uri\` holds the query, and \`${repeated}\` follows: \`?id=1\` becomes \`?id=1?id=1\``,
          ...propose('Leave the second query out', 'safe', [
            replacePlace(at, target.slice(0, -repeated.length)),
          ]),
        }
      }
      for (const rewrite of occurrences.get('rewrite') ?? []) {
        const target = rewrite.args[1]?.value ?? ''
        if (
          target.endsWith('?') ||
          !/(?:\$\{?request_uri\}?|(?:\?|\$\{?is_args\}?)\$\{?(?:args|query_string)\}?)$/.test(target)
        )
          continue
        // Behind a question mark of its own it is a parameter, and what is appended another one.
        const mark = target.indexOf('?')
        if (mark !== -1 && !/^\?\$\{?(?:args|query_string)\}?$/.test(target.slice(mark))) continue
        const isRedirect =
          /^(?:redirect|permanent)$/.test(rewrite.args[2]?.value ?? '') ||
          /^(?:https?:|\$scheme)/.test(target)
        if (!isRedirect) continue
        const at = argumentPlace(rewrite, 1)
        const pattern = rewrite.args[0]?.value ?? ''
        if (/^30[12378]$/.test(pattern)) {
          yield {
            at,
            message: `\`${pattern}\` is the pattern of this \`rewrite\`, so a path that has it in it is redirected alone, and \`?id=1\` becomes \`?id=1?id=1\``,
            help: `Write \`return ${pattern} ${target};\``,
          }
          continue
        }
        yield {
          at,
          message: `the query is in \`${target}\`, and \`rewrite\` appends it again: \`?id=1\` becomes \`?id=1${mark === -1 ? '?' : '&'}id=1\``,
          ...propose('Append no query', 'safe', [replacePlace(at, `${target}?`)]),
        }
      }
    }
  },
})

/** The whole request, and its query once more. */
const TWICE =
  /\$\{?request_uri\}?((?:\?|\$is_args|\$\{is_args\})(?:\$args|\$\{args\}|\$query_string|\$\{query_string\}))$/
