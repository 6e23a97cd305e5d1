import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { lostToGlob } from '../_globs.ts'
import { refusing } from './_pattern-examples.ts'
import { patternsOf } from './_patterns.ts'

export default defineRule({
  summary: 'A regular expression in which a `*` is meant as in the names of files',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a regular expression `*` repeats what stands before it: `/cache/*\\.html` asks for slashes and then `.html`, so no file below `/cache/` is matched, and what the location forbids, or lets be kept, is answered by another.',
  remedy: 'Write `[^/]*` for any name, or `.*` for any path',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    { title: 'files of a directory', files: refusing('«^/cache/*\\.html$»') },
    { title: 'scripts of a directory', files: refusing('«/uploads/*.php$»') },
    { title: 'whatever begins with a name', files: refusing('«/wp-config*.php»') },
    { title: 'one of several directories', files: refusing('«^/modules/*/templates/»') },
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
    { title: 'a file with any extension', files: refusing('«^/(?:composer\\.*|vendor/.*)$»') },
  ],
  good: [
    { title: 'any name, and any path', files: refusing('^/cache/[^/]*\\.html$') },
    { title: 'whatever begins so', files: refusing('^/chat/*') },
    { title: 'whatever begins with a name and a dot', files: refusing('^/(?:composer\\.*|vendor/.*)') },
    { title: 'a letter that may be missing', files: refusing('^/pages*\\.html$') },
    { title: 'a set, a group, a class', files: refusing('^/[a-z]*.html|/(?:ab)*.php|/\\d*.txt|/.*/x.css$') },
    { title: 'slashes at the end', files: refusing('^/api/*$') },
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
