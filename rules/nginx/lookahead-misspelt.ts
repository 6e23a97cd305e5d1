import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { lookaheadMisspelt } from '../_lookaheads.ts'
import { refusing } from './_pattern-examples.ts'
import { patternsOf } from './_patterns.ts'

export default defineRule({
  summary: 'A negative lookahead without its question mark in front',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A negative lookahead is written `(?!…)`. In `/\\.(!?well-known)` the exclamation mark is a letter that may be missing, so the location matches `/.well-known` alone: the very path that it was meant to spare is refused, and `/.env` is sent.',
  remedy: 'Write `(?!…)`',
  references: ['https://www.pcre.org/current/doc/html/pcre2pattern.html#SEC21'],
  bad: [
    { title: 'the signs in the other order', files: refusing('«/\\.(!?well-known)»') },
    { title: 'no question mark', files: refusing('«^/(!admin|login)»') },
    { title: 'with what follows it', files: refusing('«/\\.(!?well-known/)»') },
    {
      title: 'in a rewrite and in a condition',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            rewrite «^/(!assets)(.*)$» /index.html;
            if ($request_uri ~ «(!?^/status)») {
                return 301 https://example.org$request_uri;
            }
          `),
        ),
      },
    },
  ],
  good: [
    { title: 'a lookahead', files: refusing('/\\.(?!well-known)') },
    { title: 'names that begin with the sign', files: refusing('^/rooms/(!?[a-z]+|!.+)$') },
    {
      title: 'a path that begins with it, an escaped parenthesis and a class',
      files: refusing('^/(!/forms)|\\(!?old|[(!new)]x'),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const written of patternsOf(configuration)) {
        const finding = lookaheadMisspelt(written)
        if (finding !== null) yield finding
      }
    }
  },
})
