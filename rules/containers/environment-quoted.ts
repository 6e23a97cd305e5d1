import { placeText } from '../../parsers/text/source.ts'
import { servicesOfCompose } from './_compose-projects.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { variablesOfRun } from './_env-files-of-run.ts'
import { siteTo, webWithEnvironment as tree } from './_examples.ts'

const deployed = (
  variables: string,
  run = 'docker run -d --env-file /srv/shop/deploy/prod.env example/shop:1.4',
) => ({
  ...siteBefore(),
  'deploy/prod.env': variables,
  'deploy.sh': conf`
    #!/bin/sh
    scp deploy/prod.env deploy@shop.example.org:/srv/shop/deploy/
    ssh deploy@shop.example.org "${run}"
  `,
})
const siteBefore = () => ({ 'nginx/shop.conf': siteTo('127.0.0.1:8000') })

export default defineRule({
  summary: 'The quotes around a variable of a container are part of its value',
  severity: 'warning',
  otherSeverities: {
    info: 'where the program may take quotes, or both sides have the same ones, or the file is one to be copied',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'In a list, `NAME="value"` is one plain text to YAML, and Compose cuts it at the `=` alone: no shell reads it, so that the quotes reach the program. `DB_HOST="db"` is looked up with its quotes (`Name or service not known`), `ALLOWED_HOSTS="example.org"` fits no `Host`, and nginx-proxy serves no such `VIRTUAL_HOST`. `docker run --env-file` takes the lines of its file as they are, too, while Compose and a shell take quotes away: `Could not parse SQLAlchemy URL from string`.',
  remedy:
    'Write `- NAME=value` without quotes, blanks and all, or `NAME: "value"` as a map; in a file for `docker run` `NAME=value`',
  references: [
    'https://docs.docker.com/reference/compose-file/services/#environment',
    'https://docs.docker.com/reference/cli/docker/container/run/#env',
    'https://yaml.org/spec/1.2.2/#733-plain-style',
  ],
  unproven: 'The live tests start no containers: what a program does with a quote, it decides',
  bad: [
    { title: 'a host', files: tree('- DB_HOST=«"db"»') },
    { title: 'the hosts of Django', files: tree(`- DJANGO_ALLOWED_HOSTS=«'example.org,www.example.org'»`) },
    { title: 'a text', files: tree('- SHOP_TITLE=«"The Shop"»') },
    {
      title: 'a file for docker run, by ssh',
      files: deployed('DATABASE_URL=«"postgresql://shop@db.example.org/shop"»\nTZ=Europe/Vienna\n'),
    },
    {
      title: 'a file for docker run, in a unit of systemd',
      files: {
        ...siteBefore(),
        'shop.env': "REDIS_HOST=«'redis.example.org'»\n",
        'shop.service': conf`
          [Service]
          ExecStart=/usr/bin/docker run --rm --env-file=/etc/shop/shop.env example/shop
        `,
      },
    },
  ],
  good: [
    { title: 'a map', files: tree('DB_HOST: "db"') },
    { title: 'a file for docker run without quotes', files: deployed('DB_HOST=db.example.org\n') },
    {
      title: 'a file for Compose',
      files: deployed('DB_HOST="db"\n', 'cd /srv/shop && docker compose --env-file deploy/prod.env up -d'),
    },
    {
      title: 'a script that takes the quotes away',
      files: deployed(
        'DB_HOST="db"\n',
        `sed -i 's/[^A-Z=a-z]//g' deploy/prod.env; docker run --env-file deploy/prod.env example/shop`,
      ),
    },
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
    for (const { environment, image } of servicesOfCompose(deployment)) {
      if (image?.known === true && READS_JSON.test(image.value)) continue
      for (const { name, at } of environment) {
        const text = placeText(at)
        if (!text.startsWith(`${name}=`)) continue
        const value = text.slice(name.length + 1)
        if (!QUOTED.test(value)) continue
        yield {
          at: { ...at, start: at.start + name.length + 1 },
          ...(!isOfWords(name) && { severity: 'info' as const }),
          message: `\`${name}\` is \`${value}\` with its quotes: in a list they are part of the value`,
          label: 'quotes and all',
          help: `Write \`- ${name}=${value.slice(1, -1)}\``,
        }
      }
    }
    for (const { name, value, at, given, isExample } of variablesOfRun(deployment)) {
      if (!QUOTED.test(value)) continue
      yield {
        at,
        ...((isExample || !isOfWords(name)) && { severity: 'info' as const }),
        message: `\`${name}\` keeps its quotes: \`docker run --env-file\` takes the line as it is`,
        label: 'quotes and all',
        related: [{ at: given, message: 'docker run reads the file' }],
        help: `Write \`${name}=\` and the value without quotes`,
      }
    }
  },
})

const QUOTED = /^(?:"[^"]+"|'[^']+')$/

/** The command line of Kibana takes each value for JSON first, and its image makes options of the variables. */
const READS_JSON = /(?:^|\/)kibana(?:[:@]|$)/

/**
 * True for a name whose value no program takes with a quote in it. Invenio takes its variables for literals of Python, of
 * which a text has quotes.
 * https://invenio-config.readthedocs.io/en/latest/usage.html
 */
function isOfWords(name: string): boolean {
  return OF_WORDS.test(name) && !/^(?:INVENIO_|APP_[A-Z]+_)/.test(name)
}

const OF_WORDS =
  /(?:^|_)(?:HOSTS?|HOSTNAME|PORTS?|URL|URI|USER|GROUP|DEBUG|DOMAINS?|ORIGINS?|MODULE)$|^VIRTUAL_|^LETSENCRYPT_HOST/
