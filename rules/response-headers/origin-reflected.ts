import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { directivesByServer, enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { foreignOrigin } from './_foreign-origin.ts'
import { moreHeaders } from './_more-headers.ts'
import { isOfSubrequest } from './_subrequests.ts'
import { originAllowedByCheck } from './_examples.ts'

const site = (lines: string, before = ''): string => conf`
  ${before}
  server {
      listen 80;
      server_name api.example.org;
      location / {
          ${lines}
          proxy_pass http://127.0.0.1:9000;
      }
  }
`

export default defineRule({
  summary: 'CORS lets the pages of any site read the answers',
  severity: 'warning',
  otherSeverities: {
    error: 'where cookies are allowed with it',
    info: 'where any origin is meant and no cookie goes with it, which `*` says as well',
  },
  confidence: 'high',
  securitySeverity: 7.1,
  cwe: [942],
  since: '0.1.0',
  why: '`Access-Control-Allow-Origin $http_origin` grants whatever site asks, and a pattern without `^` or `$`, or with a dot that is not escaped, grants sites with a name that only looks like one’s own. With `Access-Control-Allow-Credentials` their pages act with the cookies of the client.',
  remedy: 'Compare the whole origin: `~^https://([a-z0-9-]+\\.)?example\\.org$`',
  references: ['https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS'],
  bad: [
    {
      title: 'an internal location whose answer clients get as well',
      files: {
        'nginx.conf': originAllowedByCheck('«$http_origin»', 'error_page 404 /check;'),
      },
    },
    {
      title: 'any origin, with cookies',
      files: {
        'nginx.conf': site(conf`
          add_header Access-Control-Allow-Origin «$http_origin» always;
          add_header Access-Control-Allow-Credentials true always;
        `),
      },
    },
    {
      title: 'by headers-more',
      files: {
        'nginx.conf': site(conf`
          more_set_headers «"Access-Control-Allow-Origin: $http_origin"»;
          more_set_headers "Access-Control-Allow-Credentials: true";
        `),
      },
    },
    {
      title: 'a pattern without an end',
      files: {
        'nginx.conf': site(
          conf`
            add_header Access-Control-Allow-Origin $allowed always;
            add_header Access-Control-Allow-Credentials true always;
          `,
          conf`
            map $http_origin $allowed {
                default "";
                «~^https://www\.example\.org» $http_origin;
            }
          `,
        ),
      },
    },
    {
      title: 'a domain that a template fills in, and nothing in front of it',
      files: {
        'nginx.conf.template': site(
          conf`
            add_header Access-Control-Allow-Origin $allowed always;
            add_header Access-Control-Allow-Credentials true always;
          `,
          conf`
            map $http_origin $allowed {
                default "";
                «~*.\${DOMAIN}$» $http_origin;
            }
          `,
        ),
      },
    },
    {
      title: 'a condition without a beginning',
      files: {
        'nginx.conf': site(conf`
          if ($http_origin ~ «example\.org$») {
              add_header Access-Control-Allow-Origin $http_origin always;
          }
        `),
      },
    },
    {
      title: 'a variable that a condition sets',
      files: {
        'nginx.conf': site(conf`
          set $allowed "";
          if ($http_origin ~* «(example\.org|example\.net)») {
              set $allowed $http_origin;
          }
          add_header Access-Control-Allow-Origin $allowed always;
          add_header Access-Control-Allow-Credentials true always;
        `),
      },
    },
    {
      title: 'a word that a condition sets, and another one asks for',
      files: {
        'nginx.conf': site(conf`
          set $cors "";
          if ($http_origin ~ «'^https?://(localhost|www\.example\.org)'») {
              set $cors 'true';
          }
          if ($cors = 'true') {
              add_header Access-Control-Allow-Origin "$http_origin" always;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'the whole origin is compared',
      files: {
        'nginx.conf': site(
          'add_header Access-Control-Allow-Origin $allowed always;',
          conf`
            map $http_origin $allowed {
                default "";
                ~^https://([a-z0-9-]+\.)?example\.org$ $http_origin;
                https://example.net $http_origin;
            }
          `,
        ),
      },
    },
    {
      title: 'a pattern that a template fills in, wholly or from its beginning or to its end',
      files: {
        'nginx.conf.template': site(
          'add_header Access-Control-Allow-Origin $allowed always;',
          conf`
            map $http_origin $allowed {
                default "";
                ~*\${ORIGINS} $http_origin;
                ~^https://\${DOMAIN}$ $http_origin;
                ~^https://\${HOSTS} $http_origin;
            }
          `,
        ),
      },
    },
    {
      title: 'one origin',
      files: { 'nginx.conf': site('add_header Access-Control-Allow-Origin https://example.org always;') },
    },
    {
      title: 'an answer that `auth_request` reads and no client gets',
      files: {
        'nginx.conf': originAllowedByCheck('$http_origin'),
      },
    },
    {
      title: 'everybody, without cookies',
      files: { 'nginx.conf': site('add_header Access-Control-Allow-Origin * always;') },
    },
    {
      title: 'a condition on the whole origin',
      files: {
        'nginx.conf': site(conf`
          if ($http_origin ~* ^https://(www|shop)\.example\.org$) {
              add_header Access-Control-Allow-Origin $http_origin always;
          }
        `),
      },
    },
    {
      title: 'variables that a condition on the whole origin sets, or something else',
      files: {
        'nginx.conf': site(conf`
          set $cors "";
          set $allowed https://example.org;
          if ($http_origin ~ '^https://(shop|www)\.example\.org$') {
              set $cors 'true';
              set $allowed $http_origin;
          }
          if ($cors = 'true') {
              add_header Access-Control-Allow-Origin $allowed always;
          }
          if ($request_method = OPTIONS) {
              add_header Access-Control-Allow-Origin $http_origin always;
          }
        `),
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      for (const { directive, name, value, at } of headersOf(configuration)) {
        if (name.toLowerCase() !== 'access-control-allow-origin') continue
        if (isOfSubrequest(configuration, directive)) continue
        const fault = faultOf(configuration, directive, value, at)
        if (fault === null) continue
        yield {
          at: fault.at,
          severity: sendsCookies(configuration, directive) ? 'error' : fault.isAny ? 'info' : 'warning',
          message: `the origin \`${fault.origin}\` is let in, as any other site ${fault.isAny ? 'is' : 'of such a name'}`,
          label: fault.isAny ? 'whoever asks' : 'matches more than is meant',
          ...(fault.at.start === at.start ? {} : { related: [{ at, message: 'sent back' }] }),
        }
      }
    }
  },
})

interface Sent {
  readonly directive: NginxDirective
  readonly name: string
  readonly value: string
  readonly at: Place
}

/** What `add_header` and headers-more send. */
function headersOf({ occurrences }: NginxConfiguration): readonly Sent[] {
  const added = (occurrences.get('add_header') ?? []).flatMap(directive => {
    const [name, value] = directive.args
    if (name === undefined || value === undefined) return []
    return [{ directive, name: name.value, value: value.value, at: argumentPlace(directive, 1) }]
  })
  const more = (occurrences.get('more_set_headers') ?? []).flatMap(directive =>
    moreHeaders(directive).map(header => ({ directive, ...header })),
  )
  return [...added, ...more]
}

interface Fault {
  readonly at: Place
  readonly origin: string
  readonly isAny: boolean
}

function faultOf(
  configuration: NginxConfiguration,
  directive: NginxDirective,
  value: string,
  sentAt: Place,
): Fault | null {
  if (isUnknownWord(value)) return null
  const [name, ...others] = variableNames(value)
  if (name === undefined || others.length > 0) return null
  if (name === 'http_origin') return faultOfConditions(configuration, directive, sentAt)
  const sets = setLines(configuration, directive, name).filter(({ args }) =>
    /^\$\{?http_origin\}?$/i.test(args[1]?.value ?? ''),
  )
  for (const line of sets) {
    const fault = faultOfConditions(configuration, line, argumentPlace(line, 1))
    if (fault !== null) return fault
  }
  if (sets.length > 0) return null
  const map = maps(configuration).get(name)
  if (map === undefined || !/^\$\{?http_origin\}?$/i.test(map.directive.args[0]?.value ?? '')) return null
  for (const entry of map.directive.node.block?.children ?? []) {
    if (!('args' in entry) || !entry.args.some(word => /http_origin/i.test(word.value))) continue
    const key = entry.name.value
    const match = /^~(\*?)(.*)$/s.exec(key)
    const at = { source: map.directive.source, start: entry.name.start, end: entry.name.end }
    if (key === 'default') return { at, origin: 'https://evil.example', isAny: true }
    if (match === null) continue
    const origin = foreignOrigin(match[2] ?? '', match[1] === '*')
    if (origin !== null) return { at, origin, isAny: false }
  }
  return null
}

interface Condition {
  readonly pattern: string
  readonly caseless: boolean
  readonly at: Place
}

/** What is wrong with the conditions under which the origin is taken as it comes. */
function faultOfConditions(
  configuration: NginxConfiguration,
  directive: NginxDirective,
  taken: Place,
): Fault | null {
  const conditions = conditionsAround(configuration, directive)
  if (conditions === null) return null
  if (conditions.length === 0) return { at: taken, origin: 'https://evil.example', isAny: true }
  for (const { pattern, caseless, at } of conditions) {
    const origin = foreignOrigin(pattern, caseless)
    if (origin !== null) return { at, origin, isAny: false }
  }
  return null
}

/** The `if` on the origin around a directive, its own or those of a word that it asks for; null where something else decides. */
function conditionsAround(
  configuration: NginxConfiguration,
  directive: NginxDirective,
): readonly Condition[] | null {
  const found: Condition[] = []
  for (let block = directive.parent; block !== null && block.name === 'if'; block = block.parent) {
    const [subject = '', operator = '', pattern = ''] = conditionWords(block)
    if (/^\$\{?http_origin\}?$/i.test(subject)) {
      if (operator !== '~' && operator !== '~*') return null
      const index = block.args.findIndex(({ value }) => value === operator)
      found.push({ pattern, caseless: operator === '~*', at: patternPlace(block, index + 1) })
      continue
    }
    if (operator !== '' && operator !== '=') return null
    const lines = setLines(configuration, block, subject.replace(/[${}]/g, '').toLowerCase()).filter(
      ({ args: [, word] }) =>
        operator === '=' ? word?.value === pattern : !['', '0', undefined].includes(word?.value),
    )
    const own = lines.map(line => originConditions(line))
    if (own.length === 0 || own.some(conditions => conditions.length === 0)) return null
    found.push(...own.flat())
  }
  return found
}

/** The `if` on the origin right around a `set`; none where there is none. */
function originConditions({ parent }: NginxDirective): readonly Condition[] {
  if (parent?.name !== 'if') return []
  const [subject = '', operator = '', pattern = ''] = conditionWords(parent)
  if (!/^\$\{?http_origin\}?$/i.test(subject) || !/^~\*?$/.test(operator)) return []
  const index = parent.args.findIndex(({ value }) => value === operator)
  return [{ pattern, caseless: operator === '~*', at: patternPlace(parent, index + 1) }]
}

/** The lines of the server around that set a variable. */
function setLines(
  configuration: NginxConfiguration,
  directive: NginxDirective,
  name: string,
): readonly NginxDirective[] {
  const lines = directivesByServer(configuration, 'set').get(enclosingServer(directive)) ?? []
  return lines.filter(({ args }) => args[0]?.value.toLowerCase() === `$${name}`)
}

/** The pattern of a condition, without the parenthesis that ends it. */
function patternPlace(block: NginxDirective, index: number): Place {
  const at = argumentPlace(block, index)
  return at.source.text[at.end - 1] === ')' ? { ...at, end: at.end - 1 } : at
}

function sendsCookies(configuration: NginxConfiguration, directive: NginxDirective): boolean {
  const { parent } = directive
  if (directive.name === 'more_set_headers')
    return (parent?.children ?? configuration.top).some(
      line => line.name === directive.name && moreHeaders(line).some(allowsCookies),
    )
  const fact = parent === null ? null : effective(configuration, parent, 'add_header')
  return (
    fact?.known === true &&
    fact.value.directives.some(({ args }) =>
      allowsCookies({ name: args[0]?.value ?? '', value: args[1]?.value ?? '' }),
    )
  )
}

function allowsCookies({ name, value }: Pick<Sent, 'name' | 'value'>): boolean {
  return name.toLowerCase() === 'access-control-allow-credentials' && value === 'true'
}
