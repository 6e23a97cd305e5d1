import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

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
  ],
  good: [
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
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const name of ['return', 'rewrite']) {
        for (const line of occurrences.get(name) ?? []) {
          const index = targetOf(line)
          if (index === null) continue
          const variable =
            /^(?:(?:https?|\$scheme):\/\/)?\$\{?((?:arg|cookie)_\w+|http_(?:referer|x_original_url))\b/i.exec(
              line.args[index]?.value ?? '',
            )?.[1]
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
