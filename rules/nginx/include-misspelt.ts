import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { hasWildcard } from '../../parsers/wildcard/tokens.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { nginxMain } from '../_examples.ts'
import { nearestName, slipFinding } from '../_nearest-name.ts'

const including = (path: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    include ${path};
    server {
        listen 80 default_server;
        return 404;
    }
  `),
})
const SITE = {
  'etc/nginx/sites-enabled/shop.conf': conf`
    server {
        listen 80;
        server_name shop.example.org;
        return 200 "shop";
    }
  `,
}
const SNIPPET = { 'etc/nginx/snippets/security-headers.conf': conf`add_header X-Frame-Options DENY;` }

export default defineRule({
  summary: 'An `include` names what is not there, and something of nearly that name is',
  severity: 'error',
  otherSeverities: { warning: 'for a pattern, with which nginx is content to find nothing' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx does not start where an included file is missing, `open() failed (2: No such file or directory)`. A pattern that finds nothing is no error: a slip in its directory leaves out every site without a word.',
  remedy: 'Write the name of what is there',
  references: ['https://nginx.org/en/docs/ngx_core_module.html#include'],
  bad: [
    {
      title: 'a pattern in a directory that is called otherwise',
      files: { ...including('«/etc/nginx/site-enabled/*.conf»'), ...SITE },
    },
    {
      title: 'a file, of a directory that is all there is',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              include «/etc/nginx/snippets/security-header.conf»;
          }
        `,
        'etc/nginx/snippets/security-headers.conf': conf`add_header X-Frame-Options DENY;`,
      },
    },
    {
      title: 'from the directory of nginx, in a site without the main file',
      files: {
        'sites-available/shop.conf': conf`
          server {
              listen 80;
              include «common/heders/all.conf»;
          }
        `,
        'common/headers/all.conf': conf`add_header X-Frame-Options DENY;`,
      },
    },
  ],
  good: [
    {
      title: 'a directory of nginx that nobody keeps here',
      files: {
        'sites-available/shop.conf': conf`
          server {
              listen 80;
              include commons/headers/all.conf;
          }
        `,
        'common/headers/all.conf': conf`add_header X-Frame-Options DENY;`,
      },
    },
    {
      title: 'the directory that is there',
      files: { ...including('/etc/nginx/sites-enabled/*.conf'), ...SITE },
    },
    {
      title: 'the file that is there',
      files: { ...including('snippets/security-headers.conf'), ...SNIPPET },
    },
    {
      title: 'names that are too short to tell',
      files: { ...including('snippets/b.conf'), 'etc/nginx/snippets/a.conf': conf`gzip on;` },
    },
    {
      title: 'one of several that are numbered',
      files: { ...including('upstreams/web2.conf'), 'etc/nginx/upstreams/web1.conf': conf`gzip on;` },
    },
    {
      title: 'a pattern for files that may come',
      files: { ...including('/etc/nginx/conf.d/*.conf'), 'etc/nginx/conf.d/': '' },
    },
  ],
  *check({ nginx, filesOf }) {
    for (const configuration of nginx) {
      const files = filesOf(configuration)
      for (const { path, at } of [...unread(configuration, files), ...findingNothing(configuration)]) {
        const slip = nearestName(files, path)
        if (slip === null || slip.missing.replace(/\.\w+$/, '').length < LEAST) continue
        yield { ...slipFinding(at, slip), ...(hasWildcard(path) && { severity: 'warning' as const }) }
      }
    }
  },
})

interface Named {
  readonly path: string
  readonly at: Place
}

/**
 * What the audit has not, be it a copy of the machine in part. Of a path that a file without a main file names from
 * nginx's own directory, the first directory has to be there.
 */
function unread({ unread }: NginxConfiguration, files: FileSystem): readonly Named[] {
  return (unread ?? []).flatMap(({ path, at, reason }) => {
    if (reason !== 'outside') return []
    if (path.startsWith('/')) return [{ path, at }]
    const [first = '', ...rest] = path.split('/')
    const root = ROOTS.find(root => files.kind(posix.join(root, first)) === 'directory')
    return rest.length === 0 || root === undefined ? [] : [{ path: posix.join(root, path), at }]
  })
}

/** Where files lie that are mounted as nginx's own, and those of a repository. */
const ROOTS = ['/etc/nginx', '/']

/** Patterns that find nothing where everything is there that nginx would read. */
function findingNothing({ occurrences, included, main }: NginxConfiguration): readonly Named[] {
  return (occurrences.get('include') ?? []).flatMap(line => {
    const value = line.args[0]?.value ?? ''
    if (included?.has(line) === true || !hasWildcard(value) || line.source.template) return []
    if (!value.startsWith('/') && main === null) return []
    const path = value.startsWith('/') ? value : posix.join(posix.dirname(main?.path ?? '/'), value)
    return [{ path, at: argumentPlace(line, 0) }]
  })
}

/** Of shorter names, without their extension, each may be one letter away from another. */
const LEAST = 5
