import type { PcreTree } from '../../parsers/pcre/tree.ts'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { directivePlace, propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { mayHold } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { decodedVariable } from '../_decoded-text.ts'

/** Regular expressions that take the whole path as `$1`, with or without its first slash. */
const WHOLE_PATH = /^\^?(\/?)\((\.\*|\.\+)\)\$?$/
/** An absolute target that ends in that capture and nothing else; a last `?` drops the query. */
const TARGET = /^((?:https?|\$scheme):\/\/[^/?]+)(\/?)\$(?:1|\{1\})(\??)$/

export default defineRule({
  summary: 'A redirect decodes the URL and sends the client to another one',
  severity: 'warning',
  otherSeverities: {
    info: 'where `rewrite` does no more than send a site to TLS, and where `return` sends a part of the path elsewhere, and nothing says that it is of titles or files, whose names hold such characters',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'A capture holds the decoded, normalised path: `%2F` comes back as `/`, `%3F` begins a query and `//` becomes `/`, so a link that worked on one host name leads elsewhere on the other. `rewrite` escapes blanks, `#` and `%` again; `return` escapes nothing, so `C%23` leads to `C#`, which is `C` to the server.',
  remedy:
    'Redirect with `return 301 https://example.org$request_uri;`, which repeats the request as it was sent; a part of the path is captured of `$request_uri`: `if ($request_uri ~ "^/old/(.*)$") { return 301 /new/$1; }`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#var_request_uri',
  ],
  bad: [
    {
      title: 'www redirected by rewrite',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name www.example.org;
              rewrite ^/(.*) «http://example.org/$1» permanent;
          }
        `,
      },
    },
    {
      title: 'a temporary redirect to TLS: advice',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              rewrite ^(.*)$ «https://$host$1» redirect;
          }
        `,
      },
    },
    {
      title: 'to TLS by the name of the site, and by one that a template fills in: advice',
      files: {
        'nginx.conf.j2': conf`
          server {
              listen 80;
              server_name shop.example.org;
              rewrite ^/(.*)$ «https://shop.example.org/$1» permanent;
          }
          server {
              listen 80;
              server_name {{ domain }};
              rewrite ^(.*) «https://{{ domain }}$1» permanent;
          }
        `,
      },
    },
    {
      title: 'titles of a wiki in a `return`',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location ~ ^/index\.php/(.*)$ {
                  return 301 «/title/$1$is_args$args»;
              }
          }
        `,
      },
    },
    {
      title: 'the whole path in a `return`, and one that a condition captures',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name www.example.org;
              location ~ ^/(.*) {
                  return 301 «https://example.org/$1»;
              }
          }
          server {
              listen 80;
              server_name old.example.org;
              if ($uri ~ ^/download/(?<name>.+)$) {
                  return 302 «https://example.org/files/$name»;
              }
          }
        `,
      },
    },
    {
      title: 'another part of the path: advice',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location ~ ^/blog/(.*)$ {
                  return 301 «https://blog.example.org/$1»;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'what can hold no such character, and what the client sent',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location ~ ^/wiki/([a-z0-9-]+)$ {
                  return 301 /title/$1;
              }
              location ~ ^/(3.6|3.7)/library/old.html$ {
                  return 301 /$1/library/new.html;
              }
              location ~ ^/(?<old>download|files)/.*$ {
                  return 301 /archive/$old/;
              }
              location /wiki/ {
                  if ($request_uri ~ "^/wiki/(.*)$") {
                      return 301 /title/$1;
                  }
              }
          }
        `,
      },
    },
    {
      title: 'a body, and a group of something else that matched last',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location ~ ^/wiki/(.*)$ {
                  if ($http_user_agent ~ "^(\w+)") {
                      return 302 /$1;
                  }
                  return 200 "$1";
              }
          }
        `,
      },
    },
    {
      title: 'the name of the site, of which the path is no part',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name ~^www\.(.+)$;
              return 301 https://$1$request_uri;
          }
        `,
      },
    },
    {
      title: 'the request as it was sent',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name www.example.org;
              return 301 http://example.org$request_uri;
          }
        `,
      },
    },
    {
      title: 'a rewrite that alters the path on purpose',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              rewrite ^/blog/(.*) https://blog.example.org/$1 permanent;
              rewrite ^/(.*) https://archive.example.org/old/$1 permanent;
          }
        `,
      },
    },
    {
      title: 'a query that is made anew',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              set $args "logout=1";
              rewrite ^(.*)$ https://example.org$1 redirect;
          }
        `,
      },
    },
    {
      title: 'an internal rewrite',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              rewrite ^/(.*) /index.php?path=$1 last;
          }
        `,
      },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const line of occurrences.get('return') ?? []) yield* returned(line, occurrences)
      for (const rewrite of occurrences.get('rewrite') ?? []) {
        const [pattern, replacement, flag] = rewrite.args
        if (pattern === undefined || replacement === undefined) continue
        const path = WHOLE_PATH.exec(pattern.value)
        const target = TARGET.exec(replacement.value)
        if (path === null || target === null) continue
        const [, base = '', slash, dropsQuery] = target
        // `^/(.*)` leaves the slash out of the capture, `^(.*)` holds it: else the target is another path.
        if ((path[1] === '/') !== (slash === '/')) continue
        // A query that was made anew goes into the redirect by itself, which `$request_uri` would undo.
        if (setsQuery(rewrite)) continue
        const status = flag?.value === 'permanent' ? 301 : 302
        yield {
          at: argumentPlace(rewrite, 1),
          ...(isToTls(base, rewrite) && { severity: 'info' as const }),
          message: `\`rewrite\` builds \`${replacement.value}\` from the decoded path, so an escaped slash or question mark in the URL changes`,
          label: 'the capture is no longer what the client sent',
          help: `Write \`return ${status} ${base}$request_uri;\``,
          ...(dropsQuery === '' && !followsRewrite(rewrite)
            ? propose('Redirect to the request as it was sent', 'safe', [
                replacePlace(directivePlace(rewrite), `return ${status} ${base}$request_uri;`),
              ])
            : {}),
        }
      }
    }
  },
})

/** A `return` whose target holds what an expression captures of the decoded path. */
function* returned(
  line: NginxDirective,
  occurrences: NginxConfiguration['occurrences'],
): Iterable<RuleFinding> {
  const [code, target] = line.args
  if (target === undefined || !/^30[12378]$/.test(code?.value ?? '') || !target.value.includes('$')) return
  const matched = lastExpression(line)
  // The dot of `3.6` is a dot to whoever wrote it, and nobody asks for `3?6`.
  const meant = matched?.pattern.replace(/(?<!\\)\.(?=\w)/g, '\\.') ?? ''
  const tree = matched === null ? null : readPattern(meant, { caseless: matched.caseless })
  if (matched === null || tree === null) return
  const group = groupsIn(target.value, tree).find(each => CHANGED.every(code => mayHold(tree, code, each)))
  if (group === undefined || decodedVariable(target.value, line, occurrences) !== null) return
  const isWhole = WHOLE_PATH.test(matched.pattern) && /^(?:https?|\$scheme):/.test(target.value)
  const isOfNames = NAMES.test(matched.pattern) || NAMES.test(target.value)
  yield {
    at: argumentPlace(line, 1),
    ...(!isWhole && !isOfNames && { severity: 'info' as const }),
    message: `\`return\` writes \`${target.value}\` with the decoded path, and escapes nothing again: an escaped question mark begins the query, an escaped \`#\` the fragment`,
    label: 'the capture is no longer what the client sent',
    related: [{ at: matched.at, message: 'captured of the decoded path' }],
  }
}

/** `%`, `?` and `#`, which mean something else where they are not escaped. */
const CHANGED = [0x25, 0x3f, 0x23]
/** Paths below which people give names of their own. */
const NAMES =
  /\b(?:title|titles|wiki|index(?:\\?\.)php|search|tags?|files?|downloads?|attachments?|documents?)\b/i

/** The groups of an expression that a target repeats. */
function groupsIn(target: string, { groups, names }: PcreTree): readonly number[] {
  return variableNames(target).flatMap(variable => {
    const group = /^[1-9]$/.test(variable)
      ? Number(variable)
      : names.find(({ name }) => name === variable)?.group
    return group !== undefined && group <= groups ? [group] : []
  })
}

/** The expression that matched the decoded path last, as far as that is told by the block around a line. */
function lastExpression({
  parent,
}: NginxDirective): { readonly pattern: string; readonly caseless: boolean; readonly at: Place } | null {
  if (parent === null || parent.children.some(({ name }) => OTHER_EXPRESSIONS.has(name))) return null
  if (parent.name === 'if') {
    const [subject = '', operator = '', pattern = ''] = conditionWords(parent)
    if (!/^\$\{?(?:document_)?uri\}?$/.test(subject) || !/^~\*?$/.test(operator)) return null
    return { pattern, caseless: operator === '~*', at: namePlace(parent) }
  }
  if (parent.name !== 'location') return null
  const { modifier, name, at } = readLocation(parent)
  return modifier === '~' || modifier === '~*' ? { pattern: name, caseless: modifier === '~*', at } : null
}

/** A rewrite, a condition or a `map` behind a `set` may have matched something else. */
const OTHER_EXPRESSIONS: ReadonlySet<string> = new Set(['rewrite', 'if', 'set'])

/** True for the same name with TLS: what is sent to another host may be a service with names in its paths. */
function isToTls(base: string, rewrite: NginxDirective): boolean {
  const host = /^https:\/\/(.*)$/.exec(base)?.[1] ?? ''
  if (/^\$\{?(?:host|http_host|server_name|hostname)\}?$/.test(host) || isUnknownWord(host)) return true
  const names = enclosingServer(rewrite)?.children.filter(({ name }) => name === 'server_name') ?? []
  return names.some(({ args }) => args.some(({ value }) => value.toLowerCase() === host.toLowerCase()))
}

function setsQuery({ parent }: NginxDirective): boolean {
  return parent?.children.some(({ name, args }) => name === 'set' && args[0]?.value === '$args') === true
}

/** True where an earlier rewrite may have changed the path, which `$request_uri` would undo. */
function followsRewrite(rewrite: NginxDirective): boolean {
  for (const sibling of rewrite.parent?.children ?? []) {
    if (sibling === rewrite) return false
    if (sibling.name === 'rewrite' || sibling.name === 'if') return true
  }
  return false
}
