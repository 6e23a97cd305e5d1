import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { placedFiles } from '../../src/deployment/setups/placed-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isGlob, matchesPath } from '../../src/servers/nginx/glob.ts'
import { endsInHost } from '../_placed-names.ts'

const main = (pattern: string): string => conf`
  events {
  }
  http {
      include ${pattern};
  }
`
const SITE = conf`
  server {
      listen 80;
      server_name shop.example.org;
      root /srv/shop;
  }
`
const marked = SITE.replace('server {', '«server» {')

const script = (file: string): string => conf`
  #!/bin/bash
  DOMAIN="$1"
  apt-get install -y nginx
  cat > ${file} <<EOF
  server {
      listen 80;
      server_name $DOMAIN;
      root /srv/shop;
  }
  EOF
  systemctl reload nginx
`

export default defineRule({
  summary: 'A site is in the directory of the others, and its name is not one that nginx reads',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`include /etc/nginx/sites-enabled/*.conf` takes the names that end in `.conf`. A file with another name is not read, and nothing says so: its site is answered by the default server.',
  remedy: 'Give the file the ending that the pattern asks for, or take the ending out of the pattern',
  references: ['https://nginx.org/en/docs/ngx_core_module.html#include'],
  bad: [
    {
      title: 'a site without the ending',
      files: {
        'etc/nginx/nginx.conf': main('/etc/nginx/sites-enabled/*.conf'),
        'etc/nginx/sites-enabled/blog.conf': SITE.replaceAll('shop', 'blog'),
        'etc/nginx/sites-enabled/shop.example.org': marked,
      },
    },
    {
      title: 'by a relative pattern',
      files: {
        'etc/nginx/nginx.conf': main('sites-enabled/*.conf'),
        'etc/nginx/sites-enabled/shop': marked,
      },
    },
    {
      title: 'a site in `conf.d`',
      files: {
        'etc/nginx/nginx.conf': main('/etc/nginx/conf.d/*.conf'),
        'etc/nginx/conf.d/shop.example.org': marked,
      },
    },
    {
      title: 'a script that is given the domain',
      files: { 'setup.sh': script('«/etc/nginx/conf.d/$DOMAIN»') },
    },
    {
      title: 'a role that is given the domain',
      files: {
        'roles/nginx/tasks/main.yml': conf`
          - name: The site
            ansible.builtin.template:
              src: site.j2
              dest: "«/etc/nginx/conf.d/{{ domain }}»"
        `,
        'roles/nginx/templates/site.j2': SITE.replace('shop.example.org', '{{ domain }}'),
      },
    },
  ],
  good: [
    {
      title: 'a script that writes a name with the ending',
      files: { 'setup.sh': script('/etc/nginx/conf.d/$DOMAIN.conf') },
    },
    {
      title: 'lines in `conf.d` that sites include',
      files: {
        'etc/nginx/nginx.conf': main('/etc/nginx/conf.d/*.conf'),
        'etc/nginx/conf.d/shop.conf': SITE.replace('root', 'include /etc/nginx/conf.d/tls;\n    root'),
        'etc/nginx/conf.d/tls': 'ssl_session_tickets off;\n',
      },
    },
    {
      title: 'every name',
      files: {
        'etc/nginx/nginx.conf': main('/etc/nginx/sites-enabled/*'),
        'etc/nginx/sites-enabled/shop.example.org': SITE,
      },
    },
    {
      title: 'names of files that are put aside',
      files: {
        'etc/nginx/nginx.conf': main('/etc/nginx/sites-enabled/*.conf'),
        'etc/nginx/sites-enabled/shop.conf': SITE,
        'etc/nginx/sites-enabled/shop.conf.bak': SITE,
        'etc/nginx/sites-enabled/shop.conf.disabled': SITE,
        'etc/nginx/sites-enabled/.shop.conf': SITE,
        'etc/nginx/sites-enabled/default': SITE,
      },
    },
    {
      title: 'a file that another line includes',
      files: {
        'etc/nginx/nginx.conf': main('/etc/nginx/sites-enabled/*.conf').replace(
          'include',
          'include /etc/nginx/sites-enabled/shop;\n    include',
        ),
        'etc/nginx/sites-enabled/shop': SITE,
      },
    },
    {
      title: 'sites that are there to be chosen from',
      files: {
        'etc/nginx/nginx.conf': main('/etc/nginx/sites-enabled/*.conf'),
        'etc/nginx/sites-enabled/shop.conf': SITE,
        'etc/nginx/sites-available/blog': SITE.replaceAll('shop', 'blog'),
      },
    },
  ],
  *check(deployment) {
    yield* ofSetups(deployment)
    for (const configuration of deployment.nginx) {
      const { main, occurrences, sources } = configuration
      if (main === null) continue
      const files = deployment.filesOf(configuration)
      const read = new Set(sources.map(({ path }) => path))
      for (const [directory, lines] of enabledBy(main.path, occurrences.get('include') ?? [])) {
        for (const { name, kind } of files.list(directory) ?? []) {
          const path = `${directory}/${name}`
          if (kind !== 'file' || PUT_ASIDE.test(name) || read.has(files.realPath(path) ?? path)) continue
          if (read.has(path) || lines.some(({ pattern }) => matchesPath(path, pattern))) continue
          const at = serverIn(files, path)
          const [first] = lines
          if (at === null || first === undefined) continue
          yield {
            at,
            message: `nginx does not read \`${path}\`: \`include\` takes the names \`${posix.basename(first.pattern)}\``,
            label: 'read by nothing',
            related: [{ at: argumentPlace(first.directive, 0), message: 'what is read' }],
          }
        }
      }
    }
  },
})

/** Files called after a host that scripts and playbooks put into `conf.d`, of which the packages read `*.conf` alone. */
function* ofSetups({ setups, nginx }: Deployment): Iterable<RuleFinding> {
  const texts = setups() ?? []
  const placed = texts.flatMap(source =>
    source.text.includes('/etc/nginx/conf.d/') ? placedFiles(source) : [],
  )
  const misnamed = placed.flatMap(({ path, at }) => {
    const name = /^\/etc\/nginx\/conf\.d\/([^/]+)$/.exec(path)?.[1]
    return name === undefined || !endsInHost(name) ? [] : [{ name, at }]
  })
  const mayRead =
    texts.some(({ text }) => READS_CONF_D.test(text)) ||
    nginx.some(({ occurrences }) =>
      (occurrences.get('include') ?? []).some(({ args }) =>
        /conf\.d\/(?!\*\.conf$)/.test(args[0]?.value ?? ''),
      ),
    )
  if (mayRead) return
  const paths = new Set(placed.map(({ path }) => path))
  for (const { name, at } of misnamed)
    if (!paths.has(`/etc/nginx/conf.d/${name}.conf`))
      yield {
        at,
        message: `nginx reads \`/etc/nginx/conf.d/*.conf\` alone, and this file is called \`${name}\`: the site is not there`,
        label: 'does not end in `.conf`',
      }
}

/** A main file of its own, lines for it, and what gives the file another name. */
const READS_CONF_D =
  /\/etc\/nginx\/nginx\.conf|include[ \t]+\S*conf\.d\/(?!\*\.conf\b)|\b(?:mv|rename)\b[^\n]*conf\.d/

/** The first `server` of a file. */
function serverIn(files: FileSystem, path: string): Place | null {
  const read = files.read(path)
  const found = read.kind === 'source' ? /^[ \t]*(?=server\s*\{)/m.exec(read.source.code) : null
  if (read.kind !== 'source' || found === null) return null
  const start = found.index + found[0].length
  return { source: read.source, start, end: start + 'server'.length }
}

/** Names of files that somebody keeps and does not use. */
const PUT_ASIDE =
  /^(?:default|[._].*|.*[.-](?:bak|back|backup|old|off|orig|save|saved|swp|disabled?|inactive|dis|example|sample|tpl|template|tmpl|j2|erb|dist|inc|in|txt|md|new|test|copy|conf.+|dpkg-\w+|rpm\w+|ucf-\w+|\d+)|.*~)$/i

interface Pattern {
  readonly directive: NginxDirective
  readonly pattern: string
}

/** The patterns by which a main file reads directories of enabled sites, by the directory. */
function enabledBy(
  main: string,
  includes: readonly NginxDirective[],
): ReadonlyMap<string, readonly Pattern[]> {
  const patterns = includes.flatMap(directive => {
    const value = directive.args[0]?.value ?? ''
    const pattern = value.startsWith('/') ? value : posix.join(posix.dirname(main), value)
    const directory = posix.dirname(pattern)
    const isEnabled =
      isGlob(posix.basename(pattern)) &&
      !isGlob(directory) &&
      /\/(?:sites(?:-enabled)?|(?:conf|http|vhosts?)\.d|vhosts)$/.test(directory)
    return isEnabled ? [{ directive, pattern }] : []
  })
  return groupBy(patterns, ({ pattern }) => posix.dirname(pattern))
}
