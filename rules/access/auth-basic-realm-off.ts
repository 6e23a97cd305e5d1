import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (word: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      auth_basic "Members";
      auth_basic_user_file /etc/nginx/members;
      location /hooks/ {
          auth_basic ${word};
          proxy_pass http://127.0.0.1:9000;
      }
    `),
  ),
  'etc/nginx/members': 'a:b\n',
})

export default defineRule({
  summary: '`auth_basic` is turned off by a word that nginx takes for a realm',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Of `auth_basic` the word `off`, in small letters, is the switch. Any other one is the text that browsers show beside their question: the location asks for a password, with that text.',
  remedy: 'Write `auth_basic off;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html#auth_basic'],
  bad: [
    { title: 'a capital letter', files: nginx('«Off»') },
    { title: 'another word', files: nginx('«"false"»') },
  ],
  good: [
    { title: 'the switch', files: nginx('off') },
    { title: 'a realm', files: nginx('"Official pages"') },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const line of occurrences.get('auth_basic') ?? []) {
        const word = line.args[0]?.value ?? ''
        if (word === 'off' || !/^(?:off|no|none|false|disabled?)$/i.test(word)) continue
        const at = argumentPlace(line, 0)
        yield {
          at,
          message: `\`${word}\` is a realm here, so a password is required`,
          label: 'not the switch',
          ...propose('Write the switch', 'unsafe', [replacePlace(at, 'off')]),
        }
      }
    }
  },
})
