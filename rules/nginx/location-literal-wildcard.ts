import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { reveal } from '../../parsers/text/placeholder.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { nginxVariable } from '../../src/servers/nginx/directives.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { locationTitle, readLocation } from '../../src/servers/nginx/queries/locations.ts'
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
  why: 'Without `~` the argument of `location` is a prefix, letter by letter: `/api/*` matches only URLs that hold an asterisk, `^/api` or `\\.php$` none at all, and `$lang` is no variable there but five letters. Requests that were meant for it are answered by another location.',
  remedy: 'Write the prefix alone, `location /api/`, or a regular expression, `location ~ ^/api/`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    { title: 'an asterisk', files: { 'etc/nginx/nginx.conf': nginx('«/api/*»') } },
    {
      title: 'an expression behind what something else fills in',
      files: { 'etc/nginx/nginx.conf': nginx('«/$site/(.*)$»') },
    },
    { title: 'an expression without its tilde', files: { 'etc/nginx/nginx.conf': nginx('«^/api/»') } },
    {
      title: 'an expression without its tilde in a template',
      files: {
        'shop.conf.j2': conf`
          location «^{{ path }}/» {
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      },
    },
    { title: 'the end of an expression', files: { 'etc/nginx/nginx.conf': nginx('= «/index\\.php$»') } },
    {
      title: 'a variable',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            set $embargo_url /embargo;
            location «$embargo_url» {
                return 204;
            }
          `),
        ),
      },
    },
    {
      title: 'a variable of nginx behind a prefix',
      files: { 'etc/nginx/nginx.conf': nginx('«/sites/$host/»') },
    },
  ],
  good: [
    {
      title: 'a name that somebody else fills in',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location /$prefix/ {
                  return 204;
              }
          }
        `,
      },
    },
    {
      title: 'what a template fills in',
      files: {
        'shop.conf.j2': conf`
          location {{ path }}/ {
              proxy_pass http://127.0.0.1:9000;
          }
          location ^~ {{ path }}/img/ {
              proxy_pass http://127.0.0.1:9001;
          }
        `,
      },
    },
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
        // Whatever is filled in behind it, no path begins so.
        if (isUnknownWord(name) ? modifier !== '' || !/^\^[^~]/.test(name) : !isPattern(name)) continue
        const at = argumentPlace(directive, directive.args.length - 1)
        if (variableNames(name).some(each => isVariable(each, occurrences))) {
          yield {
            at,
            message: `nginx fills in no variable in the name of a \`location\`: \`${name}\` matches only URLs that hold these very characters`,
            label: 'compared letter by letter',
            help: 'Write the prefix itself, or compare in an `if` or a `map` of `$uri`',
          }
          continue
        }
        if (!WILDCARD.test(name)) continue
        yield {
          at,
          message: `\`${reveal(locationTitle(directive))}\` is no pattern: it matches only URLs that hold these very characters`,
          label: 'compared letter by letter',
        }
      }
    }
  },
})

const VARIABLE = /\$\{?[A-Za-z_]/

/** True for a variable of nginx: what else has a dollar may be filled in before nginx reads it. */
function isVariable(name: string, occurrences: NginxConfiguration['occurrences']): boolean {
  if (nginxVariable('http', name) !== null) return true
  return [...(occurrences.get('set') ?? []), ...(occurrences.get('map') ?? [])].some(
    line => line.args[line.name === 'set' ? 0 : 1]?.value === `$${name}`,
  )
}

/** An anchor, an escape or a wildcard where a path hardly ever has one. */
const WILDCARD = /^\^|\\[.dws/-]|\$$|\*$|\.\*|\/\*|\([^()|]+(?:\|[^()|]+)+\)/

function isPattern(name: string): boolean {
  return WILDCARD.test(name) || VARIABLE.test(name)
}
