import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const main = (network: string): string =>
  apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Location /admin>
          Order deny,allow
          Deny from all
          Allow from ${network}
      </Location>
    `,
    ['access_compat', 'authz_host'],
  )

const required = (words: string): string =>
  apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Location /admin>
          Require ${words}
      </Location>
    `,
    ['authz_core', 'authz_host'],
  )

export default defineRule({
  summary: 'An address stands where the name of a host is looked for, which no client matches',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`Allow from` and `Deny from` know no asterisk: `192.168.1.*` is the name of a host for them, and no client has it. `Allow` then lets nobody in, and `Deny` keeps nobody out. `Require host` takes names alone, too: an address belongs behind `Require ip`.',
  remedy: 'Write the beginning of the address, or the network: `192.168.1` or `192.168.1.0/24`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_access_compat.html#allow'],
  bad: [
    { title: 'a network', files: { 'etc/apache2/apache2.conf': main('«127.0.0.*»') } },
    {
      title: 'an address for a name',
      files: { 'etc/apache2/apache2.conf': required('host «192.168.0.0/16»') },
    },
  ],
  good: [
    {
      title: 'names of hosts, and addresses',
      files: { 'etc/apache2/apache2.conf': required('host example.org 1und1.example 4.3.2.1.in-addr.arpa') },
    },
    { title: 'addresses', files: { 'etc/apache2/apache2.conf': required('ip 192.168 10.0.0.0/8') } },
    {
      title: 'the beginning of an address, a network, and a name',
      files: { 'etc/apache2/apache2.conf': main('127.0.0 10.0.0.0/8 .example.org env=office') },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const line of everywhere(configuration, filesOf(configuration), 'require')) {
        const index = line.args[0]?.value.toLowerCase() === 'not' ? 1 : 0
        if (line.args[index]?.value.toLowerCase() !== 'host') continue
        for (const [place, { value }] of line.args.entries()) {
          if (place <= index || !/^\d{1,3}(?:\.\d{1,3}){1,3}\.?(?:\/[\d.]+)?$/.test(value)) continue
          const word = argumentPlace(line, index)
          yield {
            at: argumentPlace(line, place),
            message: `\`${value}\` is compared with the name of the client’s host, so this line ${index === 1 ? 'keeps nobody out' : 'lets nobody in'}`,
            help: 'Write `Require ip` for an address or a network',
            related: [{ at: word, message: 'names alone' }],
          }
        }
      }
      for (const name of ['allow', 'deny']) {
        for (const directive of everywhere(configuration, filesOf(configuration), name)) {
          for (const [index, { value }] of directive.args.entries()) {
            if (index === 0 || !/^\d{1,3}(?:\.(?:\d{1,3}|\*)){0,3}$/.test(value) || !value.includes('*'))
              continue
            const at = argumentPlace(directive, index)
            const beginning = value.replace(/(?:\.\*)+$/, '')
            yield {
              at,
              message: `\`${value}\` is taken for the name of a host, so this line ${name === 'allow' ? 'lets nobody in' : 'keeps nobody out'}`,
              ...propose(`Write \`${beginning}\``, 'unsafe', [
                placeText(at) === value && !beginning.includes('*') ? replacePlace(at, beginning) : null,
              ]),
            }
          }
        }
      }
    }
  },
})
