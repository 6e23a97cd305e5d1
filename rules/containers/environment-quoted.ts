import { placeText } from '../../parsers/text/source.ts'
import { composeServices } from './_compose-projects.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { webWithEnvironment as tree } from './_examples.ts'

export default defineRule({
  summary: 'The quotes around a variable of a container are part of its value',
  severity: 'warning',
  otherSeverities: { info: 'where the program may take quotes, or both sides have the same ones' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'In a list, `NAME="value"` is one plain text to YAML, and Compose cuts it at the `=` alone: no shell reads it, so that the quotes reach the program. `DB_HOST="db"` is looked up with its quotes (`Name or service not known`), `ALLOWED_HOSTS="example.org"` fits no `Host`, and nginx-proxy serves no such `VIRTUAL_HOST`.',
  remedy: 'Write `- NAME=value` without quotes, blanks and all, or `NAME: "value"` as a map',
  references: [
    'https://docs.docker.com/reference/compose-file/services/#environment',
    'https://yaml.org/spec/1.2.2/#733-plain-style',
  ],
  unproven: 'The live tests start no containers: what a program does with a quote, it decides',
  bad: [
    { title: 'a host', files: tree('- DB_HOST=«"db"»') },
    { title: 'the hosts of Django', files: tree(`- DJANGO_ALLOWED_HOSTS=«'example.org,www.example.org'»`) },
    { title: 'a text', files: tree('- SHOP_TITLE=«"The Shop"»') },
  ],
  good: [
    { title: 'a map', files: tree('DB_HOST: "db"') },
    { title: 'no quotes', files: tree('- SHOP_TITLE=The Shop') },
    { title: 'quotes around all of it', files: tree('- "DB_HOST=db"') },
    { title: 'quotes within', files: tree(`- OPTIONS=--title="The Shop" --quiet`) },
    { title: 'quotes that are meant, as YAML has them', files: tree(`SHOP_TITLE: '"The Shop"'`) },
    {
      title: 'Kibana, which takes a value for JSON',
      files: {
        'docker-compose.yml': conf`
        services:
          kibana:
            image: docker.elastic.co/kibana/kibana:8.19.1
            environment:
              - SERVER_HOST="0.0.0.0"
      `,
      },
    },
    { title: 'nothing', files: tree('- SHOP_TITLE=""') },
  ],
  *check(deployment) {
    for (const { environment, image } of composeServices(deployment)) {
      if (image?.known === true && READS_JSON.test(image.value)) continue
      for (const { name, at } of environment) {
        const text = placeText(at)
        if (!text.startsWith(`${name}=`)) continue
        const value = text.slice(name.length + 1)
        if (!/^(?:"[^"]+"|'[^']+')$/.test(value)) continue
        yield {
          at: { ...at, start: at.start + name.length + 1 },
          ...(!OF_WORDS.test(name) && { severity: 'info' as const }),
          message: `\`${name}\` is \`${value}\` with its quotes: in a list they are part of the value`,
          label: 'quotes and all',
          help: `Write \`- ${name}=${value.slice(1, -1)}\``,
        }
      }
    }
  },
})

/** The command line of Kibana takes each value for JSON first, and its image makes options of the variables. */
const READS_JSON = /(?:^|\/)kibana(?:[:@]|$)/

/** Names whose value no program takes with a quote in it. */
const OF_WORDS =
  /(?:^|_)(?:HOSTS?|HOSTNAME|PORTS?|URL|URI|USER|GROUP|DEBUG|DOMAINS?|ORIGINS?|MODULE)$|^VIRTUAL_|^LETSENCRYPT_HOST/
