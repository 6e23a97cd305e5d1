import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { lostToGlob } from '../_globs.ts'
import { patternsOf } from './_patterns.ts'

const nginx = (pattern: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      location ~ ${pattern} {
          return 403;
      }
    `),
  ),
})

export default defineRule({
  summary: 'A regular expression in which a `*` is meant as in the names of files',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a regular expression `*` repeats what stands before it: `/cache/*\\.html` asks for slashes and then `.html`, so no file below `/cache/` is matched, and what the location forbids, or lets be kept, is answered by another.',
  remedy: 'Write `[^/]*` for any name, or `.*` for any path',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    { title: 'files of a directory', files: nginx('«^/cache/*\\.html$»') },
    { title: 'scripts of a directory', files: nginx('«/uploads/*.php$»') },
    { title: 'whatever begins with a name', files: nginx('«/wp-config*.php»') },
    { title: 'one of several directories', files: nginx('«^/modules/*/templates/»') },
    {
      title: 'in a rewrite and in a condition',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            rewrite «^/old/*\.html$» /new/ permanent;
            if ($request_uri ~ «/backup-*.(sql|zip)») {
                return 403;
            }
          `),
        ),
      },
    },
    { title: 'a file with any extension', files: nginx('«^/(?:composer\\.*|vendor/.*)$»') },
  ],
  good: [
    { title: 'any name, and any path', files: nginx('^/cache/[^/]*\\.html$') },
    { title: 'whatever begins so', files: nginx('^/chat/*') },
    { title: 'whatever begins with a name and a dot', files: nginx('^/(?:composer\\.*|vendor/.*)') },
    { title: 'a letter that may be missing', files: nginx('^/pages*\\.html$') },
    { title: 'a set, a group, a class', files: nginx('^/[a-z]*.html|/(?:ab)*.php|/\\d*.txt|/.*/x.css$') },
    { title: 'slashes at the end', files: nginx('^/api/*$') },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const { pattern, caseless, at } of patternsOf(configuration)) {
        const lost = lostToGlob(pattern, caseless)
        if (lost === null) continue
        yield {
          at,
          message: `\`*\` repeats what stands before it, and is no wildcard: \`${lost}\` does not match`,
          label: 'not any name',
        }
      }
    }
  },
})
