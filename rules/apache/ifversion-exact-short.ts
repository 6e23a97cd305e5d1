import { argumentsPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

export default defineRule({
  summary: '`<IfVersion 2.4>` holds for 2.4.0 alone',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without an operator, or with `=` or `<=`, Apache compares all three numbers of its version and takes a missing one for 0. No release that is in use is 2.4.0, so the body is skipped in silence.',
  remedy: 'Compare with `>=`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_version.html#ifversion'],
  bad: [
    {
      title: 'the ways to write it',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              <IfVersion «2.4»>
                  Header always set X-A b
              </IfVersion>
              <IfVersion «= 2.4»>
                  Header always set X-C d
              </IfVersion>
              <IfVersion «<= 2.4»>
                  Header always set X-E f
              </IfVersion>
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'a range, a whole version, an expression',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              <IfVersion >= 2.4>
                  Header always set X-A b
              </IfVersion>
              <IfVersion <= 2.2>
                  Header always set X-G h
              </IfVersion>
              <IfVersion = 2.4.57>
                  Header always set X-C d
              </IfVersion>
              <IfVersion ~ ^2.4>
                  Header always set X-E f
              </IfVersion>
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const { executed = [] } of apache) {
      const conditionals = executed.filter(({ name, section }) => section && name === 'IfVersion')
      for (const directive of conditionals) {
        const values = directive.args.map(({ value }) => value)
        const isAtMost = values.length === 2 && values[0] === '<='
        const version =
          values.length === 1
            ? values[0]
            : values.length === 2 && (values[0] === '=' || isAtMost)
              ? values[1]
              : ''
        if (version === undefined || !/^\d+(?:\.\d+)?$/.test(version)) continue
        const at = argumentsPlace(directive, 0, values.length - 1)
        if (isAtMost) {
          if (version !== '2.4') continue
          yield {
            at,
            message: '2.4.1 and every later release of 2.4 is above `2.4`, so the body is skipped there',
            help: 'write `<IfVersion < 2.5>`',
          }
          continue
        }
        yield {
          at,
          message: `the condition holds for ${[...version.split('.'), '0', '0'].slice(0, 3).join('.')} alone`,
          help: `write \`<IfVersion >= ${version}>\``,
          ...propose(`Compare with \`>=\``, 'unsafe', [replacePlace(at, `>= ${version}`)]),
        }
      }
    }
  },
})
