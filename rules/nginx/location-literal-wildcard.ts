import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (location: string): string =>
  nginxMain(
    nginxServer(conf`
      location ${location} {
          return 204;
      }
    `),
  )

export default defineRule({
  summary: 'A prefix location that is written like a pattern',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `~` the argument of `location` is a prefix, letter by letter: `/api/*` matches only URLs that hold an asterisk, and `^/api` or `\\.php$` none at all. Requests that were meant for it are answered by another location.',
  remedy: 'Write the prefix alone, `location /api/`, or a regular expression, `location ~ ^/api/`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    { title: 'an asterisk', files: { 'etc/nginx/nginx.conf': nginx('«/api/*»') } },
    { title: 'an expression without its tilde', files: { 'etc/nginx/nginx.conf': nginx('«^/api/»') } },
    { title: 'the end of an expression', files: { 'etc/nginx/nginx.conf': nginx('= «/index\\.php$»') } },
  ],
  good: [
    { title: 'a prefix', files: { 'etc/nginx/nginx.conf': nginx('/api/') } },
    { title: 'an expression', files: { 'etc/nginx/nginx.conf': nginx('~ ^/api/.*') } },
    { title: 'characters that a URL may hold', files: { 'etc/nginx/nginx.conf': nginx('/a(b)+c') } },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const directive of occurrences.get('location') ?? []) {
        if (!isPattern(directive.args.at(-1)?.value ?? '')) continue
        const { modifier, name } = readLocation(directive)
        if (modifier !== '' && modifier !== '=' && modifier !== '^~') continue
        if (isUnknownWord(name) || !isPattern(name)) continue
        yield {
          at: argumentPlace(directive, directive.args.length - 1),
          message: `\`location ${directive.args.map(({ value }) => value).join(' ')}\` is no pattern: it matches only URLs that hold these very characters`,
          label: 'compared letter by letter',
        }
      }
    }
  },
})

/** An anchor, an escape or a wildcard where a path hardly ever has one. */
function isPattern(name: string): boolean {
  return /^\^|\\[.dws/-]|\$$|\*$|\.\*|\/\*/.test(name)
}
