import { conf } from '../../src/engine/conf.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { apacheMain } from '../_examples.ts'

const site = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
          Header set X-Environment "%{APP_ENV}e"
      </VirtualHost>
      <Directory /srv/www>
          Require all granted
      </Directory>
    `,
    ['env', 'headers', 'dir'],
  ),
  'srv/www/index.html': 'page',
})

export default defineRule({
  summary: '`SetEnv NAME=value` sets a variable whose name has the value in it',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`SetEnv` takes the name and the value as two words. With `=` between them all is the name, and the value is empty: the application finds no `NAME`. `configtest` says nothing.',
  remedy: 'Write a space in place of `=`: `SetEnv APP_ENV production`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_env.html#setenv'],
  bad: [
    { title: 'as in a shell', files: site('SetEnv «APP_ENV=production»') },
    { title: 'a space behind it', files: site('SetEnv «APP_ENV=» production') },
  ],
  good: [
    {
      title: 'two words, and a value with = in it',
      files: site(conf`
        SetEnv APP_ENV production
        SetEnv OPTIONS color=blue,size=3
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const line of everywhere(configuration, filesOf(configuration), 'setenv')) {
        const [name, value] = line.args.map(({ value }) => value)
        if (name === undefined || !isSettled(name)) continue
        const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(name)
        if (match === null || (value !== undefined && match[2] !== '')) continue
        const at = argumentPlace(line, 0)
        yield {
          at,
          message: `this sets a variable called \`${name}\`, and \`${match[1]}\` is not set`,
          ...propose('Write two words', 'unsafe', [
            placeText(at) === name
              ? replacePlace(at, match[2] === '' ? (match[1] ?? '') : `${match[1]} ${quoted(match[2] ?? '')}`)
              : null,
          ]),
        }
      }
    }
  },
})

function quoted(value: string): string {
  return /^[\w.,:/@%+-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
}
