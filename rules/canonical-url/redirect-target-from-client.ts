import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import type { RewriteCondition } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { groupsOf } from '../../parsers/pcre/walk.ts'
import { matchPattern } from '../../src/servers/apache/requests/match-pattern.ts'
import { fromBytes, toBytes } from '../../src/servers/regex.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`

export default defineRule({
  summary: 'The client chooses the site that a redirect leads to',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 5.4,
  cwe: [601],
  since: '0.1.0',
  why: 'A link to this site leads wherever its writer likes (open redirect): to a page that looks like this one and asks for the password.',
  remedy:
    'Redirect to a path of this site: `return 302 https://example.org$arg_next`, where the argument begins with a slash, or list the targets in a `map`',
  references: ['https://cwe.mitre.org/data/definitions/601.html'],
  bad: [
    {
      title: 'an argument',
      files: {
        'nginx.conf': site(conf`
          location /go {
              return 302 «$arg_url»;
          }
        `),
      },
    },
    {
      title: 'an argument behind the scheme',
      files: {
        'nginx.conf': site(conf`
          location /go {
              rewrite ^ «https://$arg_host/» redirect;
          }
        `),
      },
    },
    {
      title: 'what stands behind a name, with or without a slash',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/forms(.*) {
              return 301 «$1»;
          }
          rewrite ^/old(.*)$ «$1» permanent;
        `),
      },
    },
    {
      title: 'an argument that a rule of Apache redirects to',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              RewriteEngine On
              RewriteCond %{QUERY_STRING} ^url=(.*)$ [NC]
              RewriteRule ^/go$ «%1» [R=302,L]
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'what stands behind a name and a slash',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/forms(/.*) {
              return 301 $1;
          }
          location ~ ^/pages(.*) {
              return 301 /$1;
          }
          rewrite ^/old(/\w+)$ $1 permanent;
          rewrite ^(.*)/index\.php$ $1 permanent;
        `),
      },
    },
    {
      title: 'the path of the request line, which begins with a slash',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              RewriteEngine On
              RewriteCond %{THE_REQUEST} ^[A-Z]+\s(.*)/{2,}(.*)\s
              RewriteRule . %1/%2 [R=301,L]
          </VirtualHost>
        `,
      },
    },
    {
      title: 'on this site',
      files: {
        'nginx.conf': site(conf`
          location /go {
              return 302 https://example.org/page?next=$arg_url;
          }
          location /lang {
              return 302 /$arg_lang/;
          }
        `),
      },
    },
    {
      title: 'a target of a list',
      files: {
        'nginx.conf': conf`
          map $arg_to $target {
              default /;
              shop https://shop.example.org/;
          }
          ${site('location /go { return 302 $target; }')}
        `,
      },
    },
    {
      title: 'behind a condition on the argument',
      files: {
        'nginx.conf': site(conf`
          location /go {
              if ($arg_url ~ ^https://example\.org/) {
                  return 302 $arg_url;
              }
          }
        `),
      },
    },
    {
      title: 'an argument behind a path of this site, one of a list, and a name of this site',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              RewriteEngine On
              RewriteCond %{QUERY_STRING} ^page=(.*)$
              RewriteRule ^/go$ /pages/%1? [R=302,L]
              RewriteCond %{QUERY_STRING} ^lang=([a-z]+)$
              RewriteRule ^/lang$ https://%1.example.org/? [R=302,L]
              RewriteCond %{QUERY_STRING} ^url=(https://(?:shop|blog)\.example\.org/.*)$
              RewriteRule ^/to$ %1? [R=302,L]
              RewriteCond %{HTTP_HOST} ^www\.(.+)$
              RewriteRule ^ https://%1%{REQUEST_URI} [R=301,L]
          </VirtualHost>
        `,
      },
    },
  ],
  *check(deployment) {
    const { nginx, apache, filesOf } = deployment
    const servers = serversAround(deployment)
    for (const configuration of apache) {
      for (const rule of placedRules(configuration, filesOf(configuration))) {
        const source = clientText(rule)
        if (source === null) continue
        yield {
          at: argumentPlace(rule.directive, 1),
          message: `\`${source}\` is client-controlled, and the redirect leads to whatever site it names`,
        }
      }
    }
    for (const { occurrences } of nginx) {
      for (const name of ['return', 'rewrite']) {
        for (const line of occurrences.get(name) ?? []) {
          const index = targetOf(line)
          if (index === null) continue
          const variable =
            /^(?:(?:https?|\$scheme):\/\/)?\$\{?((?:arg|cookie)_\w+|http_(?:referer|x_original_url))\b/i.exec(
              line.args[index]?.value ?? '',
            )?.[1]
          const home = serverAround(line)
          const server = home === null ? undefined : servers.get(home)
          const path = server === undefined ? null : pathOfOtherSite(deployment, server, line, index)
          if (path !== null)
            yield {
              at: argumentPlace(line, index),
              message: `\`${encodeURI(path)}\` is redirected to \`${OTHER_SITE}\`, which browsers take for \`//evil.example\`: the group need not begin with a slash`,
            }
          if (variable === undefined || isAsked(line, variable)) continue
          yield {
            at: argumentPlace(line, index),
            message: `\`$${variable}\` is client-controlled, and the redirect leads to whatever site it names`,
          }
        }
      }
    }
  },
})

/** A host behind two slashes, as browsers read it: nginx makes one of several, and leaves these as they are. */
const OTHER_SITE = '\\\\evil.example'

/** A decoded path that a redirect to a group of an expression answers with another site; null for none. */
function pathOfOtherSite(
  deployment: Deployment,
  server: NginxServer,
  line: NginxDirective,
  index: number,
): string | null {
  const location = locationAround(line)
  if (line.parent === null || !/^\$\{?[1-9]/.test(line.args[index]?.value ?? '')) return null
  const { modifier, name } = location === null ? { modifier: '', name: '' } : readLocation(location)
  const pattern = line.name === 'rewrite' ? line.args[0]?.value : modifier.startsWith('~') ? name : undefined
  if (pattern === undefined || isUnknownWord(pattern)) return null
  const { texts } = sampleTexts(pattern, { caseless: modifier === '~*', filler: OTHER_SITE })
  for (const text of texts.slice(0, MOST)) {
    const path = fromBytes(text)
    if (!path.startsWith('/')) continue
    const end = askServer(deployment, server, path, { into: line.parent })?.end
    if (end?.kind === 'response' && end.location?.startsWith(OTHER_SITE) === true) return path
  }
  return null
}

/** As many paths of a pattern are tried. */
const MOST = 4

function locationAround(line: NginxDirective): NginxDirective | null {
  for (let at = line.parent; at !== null; at = at.parent) if (at.name === 'location') return at
  return null
}

/** What of the request names the site that a rule of mod_rewrite redirects to; null where the rule names it. */
function clientText({ output, flags, conditions, settled }: PlacedRule): string | null {
  const [, scheme = '', sign = '', digit = '0', variable = ''] =
    /^(https?:\/\/)?(?:(%)([1-9])|%\{(QUERY_STRING|HTTP_REFERER)\})/i.exec(output) ?? []
  if (!settled || (sign === '' && variable === '') || !(flags.has('R') || scheme !== '') || flags.has('P'))
    return null
  const asked = conditions.filter(({ input }) => CLIENT_TEXT.test(input))
  if (sign === '') return asked.length > 0 ? null : `%{${variable}}`
  const last = lastOf(conditions)
  if (last === undefined || !CLIENT_TEXT.test(last.input)) return null
  // The conditions before it may look at the same text, and let few through.
  if (asked.some(each => each !== last && !each.negated)) return null
  const tree = readPattern(last.pattern)
  if (tree === null || tree.problem !== null) return null
  const group = Number(digit)
  const captured = groupsOf(tree).get(group)
  if (captured === undefined) return null
  // The URL of a request line begins with a slash, and httpd puts its own name in front of such a target.
  if (last.input.toUpperCase() === '%{THE_REQUEST}' && AT_URL.test(last.pattern.slice(0, captured.start)))
    return null
  const site = toBytes(`^${last.pattern.slice(captured.start, captured.end)}$`)
  const taken = matchPattern(site, scheme === '' ? 'https://evil.example/' : 'evil.example', true)
  return taken === null || taken === undefined ? null : last.input
}

/** What ends in front of the URL of `GET /path HTTP/1.1`. */
const AT_URL = /(?:\\s|\\? |\[\[:space:\]\])[+*]?\(?$/

const CLIENT_TEXT = /^%\{(?:QUERY_STRING|HTTP_REFERER|HTTP_COOKIE|THE_REQUEST)\}$/i

/** The condition whose groups `%1` and its like are; undefined where it may be one of several. */
function lastOf(conditions: PlacedRule['conditions']): RewriteCondition | undefined {
  if (conditions.some(({ orNext, test }) => orNext || test === 'expression')) return undefined
  return conditions.findLast(({ test, negated }) => test === 'regex' && !negated)
}

/** The argument that a redirect leads to; null for what is no redirect. */
function targetOf({ name, args }: NginxDirective): number | null {
  if (name === 'rewrite') {
    const isRedirect = /^(?:redirect|permanent)$/.test(args[2]?.value ?? '')
    return isRedirect || /^(?:https?:|\$scheme)/.test(args[1]?.value ?? '') ? 1 : null
  }
  return args.length > 1 && /^30[12378]$/.test(args[0]?.value ?? '') ? 1 : null
}

/** True where a condition around it looks at what the client sent. */
function isAsked(line: NginxDirective, variable: string): boolean {
  for (let block = line.parent; block !== null; block = block.parent)
    if (block.name === 'if' && block.args.some(({ value }) => value.includes(variable))) return true
  return false
}
