import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { locationTitle, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { effectivePass } from '../../src/servers/nginx/queries/proxy-target.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (start: string, rest = 'proxy_pass http://127.0.0.1:9000;'): string =>
  nginxMain(
    nginxServer(conf`
      location = / {
          ${start}
      }
      location / {
          ${rest}
      }
    `),
  )

export default defineRule({
  summary: 'The start page of an exact location is looked for in another location',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`index` starts the request anew with the name of the file: `/` becomes `/index.html`, which `location = /` does not hold for. nginx only looks in its `root` whether the file is there, and sends what the location of `/index.html` answers: the application, or a file of another directory.',
  remedy: 'Name the page where the location answers by itself: `try_files /index.html =404;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_index_module.html'],
  bad: [
    {
      title: 'the application answers',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          «root» /srv/landing;
          index index.html;
        `),
        'srv/landing/index.html': 'the landing page',
      },
    },
    {
      title: 'another directory',
      files: { 'etc/nginx/nginx.conf': nginx('«root» /srv/landing;', 'root /srv/site;') },
    },
    {
      title: 'by an alias',
      files: { 'etc/nginx/nginx.conf': nginx('«alias» /srv/landing/;') },
    },
  ],
  good: [
    {
      title: 'the page by its name',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/landing;
          try_files /index.html =404;
        `),
      },
    },
    {
      title: 'a location for the page',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location = / {
                root /srv/landing;
            }
            location = /index.html {
                root /srv/landing;
            }
            location / {
                proxy_pass http://127.0.0.1:9000;
            }
          `),
        ),
      },
    },
    {
      title: 'one directory for both',
      files: { 'etc/nginx/nginx.conf': nginx('root /srv/site;', 'root /srv/site;') },
    },
    {
      title: 'a script of the same directory',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location = / {
                root /srv/site;
                index index.php;
            }
            location ~ \.php$ {
                root /srv/site;
                include fastcgi_params;
                fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                fastcgi_pass unix:/run/php/site.sock;
            }
          `),
        ),
      },
    },
    {
      title: 'an application that answers the start page',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_pass http://127.0.0.1:9001;') },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const root of ['root', 'alias'].flatMap(name => configuration.occurrences.get(name) ?? [])) {
        const location = root.parent
        const path = root.args[0]?.value ?? ''
        if (location?.name !== 'location' || isComputed(path)) continue
        // The file that an `alias` names is looked for in its place.
        if (root.name === 'alias' && !path.endsWith('/')) continue
        const { modifier, name } = readLocation(location)
        if (modifier !== '=' || !name.endsWith('/') || location.children.some(answers)) continue
        const server = enclosingServer(location)
        if (server === null || location.parent !== server || hasUnreadInclude(configuration, location))
          continue
        const names = indexNames(configuration, location)
        if (names === null) continue
        const targets = names.map(page => targetOf(configuration, server, location, name + page))
        const [target] = targets
        if (target === null || target === undefined || !targets.every(each => each?.pass === target.pass))
          continue
        const page = `${name}${names[0]}`
        yield {
          at: namePlace(root),
          message: `\`index\` starts anew with \`${page}\`, which ${target.text}`,
          label: 'only looked into',
          related: [
            ...childrenNamed(location, 'index').map(each => ({ at: namePlace(each), message: 'leaves it' })),
            { at: argumentPlace(location, 0), message: 'holds for this URL alone' },
            { at: argumentPlace(target.location, target.location.args.length - 1), message: 'answers' },
          ],
          help: `Write \`try_files ${page} =404;\` here`,
        }
      }
    }
  },
})

/** What answers in the place of a start page. */
function answers({ name }: NginxDirective): boolean {
  return /_pass$|^(?:return|rewrite|try_files|if|stub_status|empty_gif|autoindex|error_page)$/.test(name)
}

function indexNames(configuration: NginxConfiguration, location: NginxDirective): readonly string[] | null {
  const found = effective(configuration, location, 'index')
  if (!found.known || !found.value.complete) return null
  const names = found.value.directives.flatMap(({ args }) => args.map(({ value }) => value))
  if (names.length === 0) return ['index.html']
  return names.some(each => isComputed(each) || each.includes('/')) ? null : names
}

interface Elsewhere {
  readonly location: NginxDirective
  readonly pass: NginxDirective | null
  readonly text: string
}

/** Where a page is answered that is not looked for in the location’s own directory; null where it is, or may be. */
function targetOf(
  configuration: NginxConfiguration,
  server: NginxDirective,
  own: NginxDirective,
  page: string,
): Elsewhere | null {
  const selected = selectLocation(configuration, server, toBytes(page))
  const location = selected.known ? selected.value.location?.directive : undefined
  if (location === undefined || location === own || hasUnreadInclude(configuration, location)) return null
  if (location.children.some(({ name }) => /^(?:rewrite|return|if|try_files|error_page)$/.test(name)))
    return null
  const pass = effectivePass(configuration, location)
  const title = locationTitle(location)
  if (pass?.name === 'proxy_pass')
    return { location, pass, text: `\`${title}\` sends to \`${pass.args[0]?.value}\`` }
  const [here, there] = [own, location].map(block => fileBase(configuration, block))
  if (here?.known !== true || there?.known !== true || there.value.kind !== 'root') return null
  if (isComputed(there.value.path) || plain(here.value.path) === plain(there.value.path)) return null
  // Without a line of its own the directory of the build holds, which a package may have changed.
  if (childrenNamed(location, 'root').length === 0 && childrenNamed(server, 'root').length === 0) return null
  return { location, pass, text: `\`${title}\` looks for in \`${there.value.path}\`` }
}

function plain(path: string): string {
  return path.replace(/\/+$/, '')
}
