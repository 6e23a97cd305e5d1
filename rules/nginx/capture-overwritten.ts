import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { passesOn, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { groupsIn } from './_patterns.ts'

const site = (
  root: string,
  lines: string,
  name = String.raw`~^(.+)\.example\.org$`,
): Record<string, string> => ({
  'nginx.conf': conf`
    server {
        listen 80;
        server_name ${name};
        root ${root};
        ${lines}
    }
  `,
})
const SCRIPTS = conf`
  location ~ \.php$ {
      try_files $uri =404;
      include fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass 127.0.0.1:9000;
  }
`

export default defineRule({
  summary: 'A group of `server_name` is empty where the expression of a location was matched after it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`$1` is a group of the expression that nginx matched last. In a location with an expression that is its own, and empty where it has no group: `root /srv/$1/public` with `server_name ~^(.+)\\.example\\.org$` becomes `/srv//public` for `location ~ \\.php$`, and `/srv/css/public` for `location ~ \\.(css|js)$`. All of these pages are 404.',
  remedy:
    'Give the group a name, which no other expression overwrites: `server_name ~^(?<site>.+)\\.example\\.org$` and `$site`',
  references: [
    'https://nginx.org/en/docs/http/server_names.html#regex_names',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#server_name',
  ],
  bad: [
    { title: 'the directory of a site by its name, and scripts', files: site('«/srv/$1/public»', SCRIPTS) },
    {
      title: 'style sheets, whose ending is then the directory',
      files: site(
        '«/srv/$1/public»',
        conf`
          location ~* \.(css|js|png)$ {
              expires 7d;
          }
        `,
      ),
    },
    {
      title: 'in the location itself',
      files: site(
        '/srv/www',
        conf`
          location ~ \.php$ {
              root «/srv/$1/public»;
              include fastcgi_params;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              fastcgi_pass 127.0.0.1:9000;
          }
        `,
      ),
    },
  ],
  good: [
    {
      title: 'a name',
      files: site('/srv/$site/public', SCRIPTS, String.raw`~^(?<site>.+)\.example\.org$`),
    },
    {
      title: 'kept by set, before any location is looked for',
      files: site(
        '/srv/$site/public',
        conf`
          set $site $1;
          ${SCRIPTS}
        `,
      ),
    },
    {
      title: 'locations that need no directory, and prefixes',
      files: site(
        '/srv/$1/public',
        conf`
          location / {
              try_files $uri =404;
          }
          location ~ /\.(git|svn) {
              deny all;
          }
          location ~ ^/old/ {
              return 410;
          }
          location ~ ^/api/ {
              proxy_pass http://127.0.0.1:9000;
          }
          location ~ \.png$ {
              root /srv/img;
          }
        `,
      ),
    },
    {
      title: 'the group of the location is the one that is meant',
      files: site(
        '/srv/www',
        conf`
          location ~ ^/~(\w+)/ {
              root /home/$1/public;
          }
        `,
      ),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const name of configuration.occurrences.get('server_name') ?? []) {
        const server = name.parent
        const expressions = name.args.filter(({ value }) => value.startsWith('~'))
        // A name that is no expression leaves every group empty, and is another case.
        if (server?.name !== 'server' || expressions.length !== name.args.length) continue
        if (expressions.some(({ value }) => isUnknownWord(value))) continue
        const groups = Math.max(0, ...expressions.map(({ value }) => groupsIn(value.slice(1)) ?? 0))
        if (groups === 0) continue
        for (const root of rootsWithGroup(server, groups)) {
          const location =
            root.parent === server
              ? childrenNamed(server, 'location').find(each => losesGroup(configuration, each))
              : root.parent
          if (location == null) continue
          const { modifier, name: pattern, at } = readLocation(location)
          const [group = '$1'] = GROUP.exec(root.args[0]?.value ?? '') ?? []
          const own = groupsIn(pattern) ?? 0
          if (root.parent !== server && (own > 0 || !modifier.startsWith('~'))) continue
          yield {
            at: argumentPlace(root, 0),
            message: `\`${group}\` is a group of the expression that was matched last: in \`location ${modifier} ${pattern}\` it is ${own >= Number(group.slice(1)) ? 'one of that expression' : 'empty'}, and not that of \`server_name\``,
            label: 'another directory there',
            related: [
              { at: argumentPlace(name, 0), message: 'the group that is meant' },
              { at, message: 'matched after it' },
            ],
            help: 'Give the group a name: `(?<site>…)` and `$site`',
          }
        }
      }
    }
  },
})

const GROUP = /\$[1-9]/

/** The directories of the server, and of its locations, that hold a group which its name has. */
function rootsWithGroup(server: NginxDirective, groups: number): readonly NginxDirective[] {
  const scopes = [server, ...childrenNamed(server, 'location')]
  return scopes
    .flatMap(scope => childrenNamed(scope, 'root'))
    .filter(({ args }) => {
      const [found] = GROUP.exec(args[0]?.value ?? '') ?? []
      return found !== undefined && Number(found.slice(1)) <= groups
    })
}

/** True for a location with an expression that looks for files below the directory of the server. */
function losesGroup(configuration: NginxConfiguration, location: NginxDirective): boolean {
  const { modifier, name } = readLocation(location)
  if (!modifier.startsWith('~') || isUnknownWord(name) || hasUnreadInclude(configuration, location))
    return false
  const { children } = location
  if (children.some(child => ENDS.has(child.name))) return false
  if (children.some(child => child.name === 'deny' && child.args[0]?.value === 'all')) return false
  return !passesOn(location) || children.some(usesDirectory)
}

const ENDS: ReadonlySet<string> = new Set(['root', 'alias', 'return', 'rewrite', 'if', 'set', 'internal'])

function usesDirectory({ name, args }: NginxDirective): boolean {
  return name === 'try_files' || args.some(({ value }) => value.includes('$document_root'))
}
