import { propose } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { typographicQuotes } from '../_typographic-quotes.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(nginxServer(lines)),
})

export default defineRule({
  summary: 'Quotes of a word processor are letters for nginx',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx knows `"` and `\'` alone. What a word processor, a blog or a chat made of them is a part of the value: a header is sent with it, a pattern matches nothing, a name is asked for by nobody, and a text with a space is two words.',
  remedy: 'Write `"`',
  references: ['https://nginx.org/en/docs/beginners_guide.html#conf_structure'],
  bad: [
    {
      title: 'a pattern that denies',
      files: nginx(conf`
        root /srv/www;
        location ~ «“\.bak$”» {
            deny all;
        }
      `),
    },
    {
      title: 'a header',
      files: nginx(conf`
        root /srv/www;
        add_header X-Robots-Tag «“noindex”»;
      `),
    },
    {
      title: 'a header of several words',
      files: nginx(conf`
        location / {
            proxy_pass http://127.0.0.1:8000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection «‘upgrade’»;
        }
      `),
    },
  ],
  good: [
    {
      title: 'plain quotes',
      files: nginx(conf`
        root /srv/www;
        add_header X-Robots-Tag "noindex";
        location ~ "\.bak$" {
            deny all;
        }
      `),
    },
    {
      title: 'such quotes in a text, alone, and in a comment',
      files: nginx(conf`
        root /srv/www;
        # “quoted”
        sub_filter ’ "'";
        location = /hello {
            return 200 "“hello”";
        }
      `),
    },
  ],
  *check({ nginx: configurations }) {
    for (const { sources, occurrences, problems } of configurations) {
      for (const { directive, quotes } of typographicQuotes(sources, occurrences)) {
        const { at, text, quote, edits } = quotes
        // The server stops there, and says more.
        if (problems.some(({ fatal, at: other }) => fatal && other.source === directive.source)) continue
        yield {
          at,
          message: `\`${quote}\` is no quote for nginx but a letter, and \`${text}\` is taken with it`,
          label: 'a letter of the value',
          ...propose('Write `"`', 'unsafe', edits),
        }
      }
    }
  },
})
