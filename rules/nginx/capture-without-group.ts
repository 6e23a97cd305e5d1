import { memo, memoByKey } from '../../parsers/collections/memo.ts'
import { isUnknownWord, placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { groupsIn } from './_patterns.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, http = ''): string => nginxMain([http, nginxServer(lines)])

export default defineRule({
  summary: '`$1` or `$name` stands for a group that the regular expression does not have',
  severity: 'error',
  otherSeverities: { info: 'where the pattern is for one path, so that nothing is left out' },
  confidence: 'high',
  since: '0.1.0',
  why: '`$1` is the first group of the regular expression that nginx matched last, and a `rewrite` that matches forgets the groups of an `if` or a `location` before it. Where that expression has no such group, nothing is inserted, and every URL leads to the same place.',
  remedy:
    'Put parentheses around what is to be inserted, as in `^/blog/(.*)$`; give a group of an `if` in front of a `rewrite` a name: `(?<id>[0-9]+)` and `$id`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite'],
  bad: [
    {
      title: 'one path, of which nothing could be captured',
      files: { 'etc/nginx/nginx.conf': nginx('rewrite ^/$ «$1/home»;') },
    },
    {
      title: 'no group in the pattern',
      files: {
        'etc/nginx/nginx.conf': nginx('rewrite ^/blog/.*$ «https://blog.example.org/$1» permanent;'),
      },
    },
    {
      title: 'the group of the condition is forgotten',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          if ($args ~ "^id=([0-9]+)$") {
              rewrite ^/item$ «/items/$1?» permanent;
          }
        `),
      },
    },
    {
      title: 'no group in the condition',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          if ($host ~ ^www\.) {
              return 301 «http://$1$request_uri»;
          }
        `),
      },
    },
    {
      title: 'a group in the spelling of Apache',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location = /article.php {
              if ($args ~ "^id=([0-9]+)$") {
                  return 301 «/articles/%1»;
              }
          }
        `),
      },
    },
    {
      title: 'a location by prefix',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /shop/ {
              return 301 «/store/$1»;
          }
        `),
      },
    },
    {
      title: 'a name without its question mark, or before it',
      files: {
        'site.conf': nginxServer(conf`
          rewrite «^/tools/(<page>.*)$» https://tools.example.org/$page;
          location ~ «^/files/(<?file>[^/]+)$» {
              rewrite ^ /archive/$file last;
          }
        `),
      },
    },
    {
      title: 'an entry of a map',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            if ($moved) {
                return 301 $moved;
            }
          `,
          conf`
            map $uri $moved {
                ~^/news/.*$ «/articles/$1»;
            }
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'every group is there',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            rewrite ^/blog/(.*)$ https://blog.example.org/$1 permanent;
            if ($args ~ "^id=(?<item>[0-9]+)$") {
                rewrite ^/item$ /items/$item? permanent;
            }
            if ($host ~ ^www\.(.+)$) {
                return 301 http://$1$request_uri;
            }
            if ($http_user_agent ~ bot) {
                return 301 /caf%C3%A9/%2F;
            }
            if ($moved) {
                return 301 $moved;
            }
            location ~ ^/shop/(.*)$ {
                return 301 /store/$1;
            }
          `,
          conf`
            map $uri $moved {
                ~^/news/(.*)$ /articles/$1;
            }
          `,
        ),
      },
    },
    {
      title: 'a group of an expression before, which a location by prefix keeps',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          if ($http_cookie ~ "theme=([a-z]+)") {
              set $theme $1;
          }
          location /shop/ {
              add_header X-Theme $1;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'names of groups, and angle brackets that are meant',
      files: {
        'site.conf': nginxServer(conf`
          rewrite ^/tools/(?<page>.*)$ https://tools.example.org/$page;
          location ~ ^/files/(?P<file>[^/]+)$ {
              rewrite ^ /archive/$file last;
          }
          location ~ "(<script>|\(<b>)" {
              return 403;
          }
        `),
      },
    },
    {
      title: 'the name of the server has the group',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name ~^(.+)\.example\.org$;
              return 301 http://example.org/$1$request_uri;
          }
        `),
      },
    },
    {
      title: 'a condition without an expression keeps the group of the location',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ ^/shop/(.*)$ {
              if ($request_method = GET) {
                  return 301 /store/$1;
              }
          }
        `),
      },
    },
    {
      title: 'a group in the spelling of nginx',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location = /article.php {
              if ($args ~ "^id=([0-9]+)$") {
                  return 301 /articles/$1;
              }
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      yield* withoutQuestionMark(configuration)
      for (const name of ['rewrite', 'return', 'set']) {
        for (const line of occurrences.get(name) ?? []) {
          const [, group] = APACHE_GROUP.exec(line.args[1]?.value ?? '') ?? []
          if (group === undefined || !line.context.endsWith(' if')) continue
          if (line.parent === null || !conditionWords(line.parent)[1]?.startsWith('~')) continue
          yield {
            at: argumentPlace(line, 1),
            message: `\`%${group}\` is Apache’s word for a group of the condition: nginx sends it as it stands, and calls the group \`$${group}\``,
            help: `Write \`$${group}\`, with \`return\`, or a name in the condition: \`(?<id>…)\` and \`$id\``,
          }
        }
      }
      for (const rewrite of occurrences.get('rewrite') ?? []) {
        const [pattern, replacement] = rewrite.args
        const text = replacement?.value ?? ''
        if (pattern === undefined) continue
        const wanted = highestGroup(configuration, text)
        const groups = wanted === 0 ? null : groupsIn(pattern.value)
        if (groups === null || wanted <= groups) continue
        yield {
          at: argumentPlace(rewrite, 1),
          // One path is matched, of which nothing is left to be put there.
          ...(groups === 0 &&
            ONE_PATH.test(pattern.value) &&
            STAYS_A_PATH.test(text) && { severity: 'info' as const }),
          message: `\`$${wanted}\` is always empty: the pattern \`${pattern.value}\` has ${counted(groups)}`,
          related: [{ at: argumentPlace(rewrite, 0), message: 'the expression that is matched last' }],
        }
      }
      for (const name of ['return', 'set']) {
        for (const line of occurrences.get(name) ?? []) {
          const wanted = highestGroup(configuration, line.args[1]?.value ?? '')
          if (wanted === 0) continue
          const reason = whyEmpty(configuration, line, wanted)
          if (reason !== null)
            yield { at: argumentPlace(line, 1), message: `\`$${wanted}\` is always empty: ${reason}` }
        }
      }
      for (const map of maps(configuration).values()) {
        for (const entry of map.regexes) {
          const wanted = highestGroup(configuration, entry.args[0]?.value ?? '')
          if (wanted === 0 || isUnknownWord(entry.name)) continue
          const groups = groupsIn(entry.name.replace(/^~\*?/, ''))
          if (groups === null || wanted <= groups) continue
          yield {
            at: argumentPlace(entry, 0),
            message: `\`$${wanted}\` is always empty: \`${entry.name}\` has ${counted(groups)}`,
          }
        }
      }
    }
  },
})

/** A group whose name lacks its `?`, or has it behind the bracket: it matches these very letters. */
const MISWRITTEN = /(?:^|[^\\])(\(<\??([a-z_]\w*)>)/i

function* withoutQuestionMark(configuration: NginxConfiguration): Iterable<RuleFinding> {
  for (const name of ['location', 'rewrite', 'server_name']) {
    for (const line of configuration.occurrences.get(name) ?? []) {
      const index = line.args.findIndex(({ value }) => MISWRITTEN.test(value))
      const [, written = '', group = ''] = MISWRITTEN.exec(line.args[index]?.value ?? '') ?? []
      if (written === '' || (name === 'rewrite' && index !== 0)) continue
      if (!usedVariables(configuration).has(group.toLowerCase())) continue
      const at = argumentPlace(line, index)
      const text = placeText(at)
      const meant = text.replace(written, `(?<${group}>`)
      yield {
        at,
        message: `\`${written}…)\` is a group without a name that matches the letters \`<${group}>\`, and nothing defines \`$${group}\``,
        label: `a name is written \`(?<${group}>…)\``,
        ...propose('Write the name as PCRE does', 'unsafe', [
          text === meant ? null : replacePlace(at, meant),
        ]),
      }
    }
  }
}

/** The variables in the arguments of all directives. */
const usedVariables = memo(
  ({ occurrences }: NginxConfiguration): ReadonlySet<string> =>
    new Set(
      [...occurrences.values()].flatMap(lines =>
        lines.flatMap(({ args }) => args.flatMap(({ value }) => variableNames(value))),
      ),
    ),
)

/** A group of the last RewriteCond, and no byte such as `%1F`. */
const APACHE_GROUP = /%([1-9])(?![0-9a-f])/i

/** The highest group that a value inserts; 0 for none, and where the entry of a map may match in the middle of it. */
function highestGroup(configuration: NginxConfiguration, text: string): number {
  if (!/\$[1-9]/.test(text) || isUnknownWord(text)) return 0
  const table = maps(configuration)
  const isOfMap = [...text.matchAll(/\$\{?([a-z_]\w*)/gi)].some(([, name = '']) =>
    table.has(name.toLowerCase()),
  )
  return isOfMap ? 0 : Math.max(...[...text.matchAll(/\$([1-9])/g)].map(([, digit]) => Number(digit)))
}

/**
 * Why a group is empty on a line of the rewrite module: what is matched last in front of it has no such group. Null
 * where it may have one.
 */
function whyEmpty(configuration: NginxConfiguration, line: NginxDirective, wanted: number): string | null {
  const { parent } = line
  if (parent === null) return null
  const before = parent.children.slice(0, parent.children.indexOf(line))
  if (before.some(({ name }) => MATCHING.has(name)) || hasUnreadInclude(configuration, parent)) return null
  if (parent.name === 'if') {
    const [, operator = '', pattern = ''] = conditionWords(parent)
    if (operator.startsWith('~') && !isUnknownWord(pattern)) {
      const groups = groupsIn(pattern)
      return groups === null || wanted <= groups
        ? null
        : `the condition \`${pattern}\` has ${counted(groups)}`
    }
  } else if (parent.name === 'location') {
    const { modifier, name } = readLocation(parent)
    if (modifier.startsWith('~') && !isUnknownWord(name)) {
      const groups = groupsIn(name)
      return groups === null || wanted <= groups ? null : `the location \`${name}\` has ${counted(groups)}`
    }
  }
  const server = serverAround(line)
  if (server === null || configuration.main === null || mostGroups(configuration, server) >= wanted)
    return null
  return 'no regular expression with such a group is matched before it'
}

/** Lines that match an expression, or may. */
const MATCHING: ReadonlySet<string> = new Set(['rewrite', 'if', 'set'])

/** The most groups that an expression of a server has, or of a map, which any variable may ask. */
const mostGroups = memoByKey((configuration: NginxConfiguration, server: NginxDirective): number => {
  const ofMaps = [...maps(configuration).values()].flatMap(({ regexes }) =>
    regexes.map(({ name }) => name.replace(/^~\*?/, '')),
  )
  return Math.max(0, ...[...ofMaps, ...expressionsIn(server)].map(pattern => groupsIn(pattern) ?? 9))
})

function expressionsIn(block: NginxDirective): readonly string[] {
  return block.children.flatMap(child => {
    switch (child.name) {
      case 'server_name':
        return child.args.filter(({ value }) => value.startsWith('~')).map(({ value }) => value.slice(1))
      case 'rewrite':
        return child.args.slice(0, 1).map(({ value }) => value)
      case 'if': {
        const [, operator = '', pattern = ''] = conditionWords(child)
        return [...(operator.includes('~') ? [pattern] : []), ...expressionsIn(child)]
      }
      case 'location': {
        const { modifier, name } = readLocation(child)
        return [...(modifier.startsWith('~') ? [name] : []), ...expressionsIn(child)]
      }
      default:
        return []
    }
  })
}

function counted(groups: number): string {
  if (groups === 0) return 'no group'
  return groups === 1 ? 'one group' : `${groups} groups`
}

const ONE_PATH = /^\^\/[\w/-]*\$$/
/** Without what is empty in front it begins with a slash or a scheme, as nginx needs it. */
const STAYS_A_PATH = /^(?:\$\d+)?(?:\/|https?:)/
