import { hasManualHook, renewals } from '../../src/deployment/acme-challenges.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'
import { namedLineages } from './_lineages.ts'

const tree = (lines: string, name = 'example.org'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate /etc/letsencrypt/live/example.org/fullchain.pem;
        ssl_certificate_key /etc/letsencrypt/live/example.org/privkey.pem;
        root /srv/www;
    }
  `),
  [`etc/letsencrypt/renewal/${name}.conf`]: conf`
    [renewalparams]
    ${lines}
  `,
})

export default defineRule({
  summary: 'certbot renews a certificate only while somebody answers it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `--manual` certbot shows a record for DNS or a file, and waits until a person has put it there. `certbot renew`, which a timer starts, waits for nobody: `An authentication script must be provided with --manual-auth-hook when using the manual plugin non-interactively`. After 90 days browsers refuse the site.',
  remedy:
    'Ask for the certificate with a plugin for your DNS, `--nginx`, `--apache` or `--webroot`, or give `--manual` a `--manual-auth-hook`',
  references: ['https://eff-certbot.readthedocs.io/en/stable/using.html#manual'],
  unproven: 'The live tests have no certbot and no authority that renews',
  bad: [
    { title: 'a certificate made by hand', files: tree('authenticator = «manual»\npref_challs = dns-01,') },
    {
      title: 'of Apache',
      files: {
        'etc/apache2/apache2.conf': conf`
          Listen 443
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine on
              SSLCertificateFile /etc/letsencrypt/live/example.org/fullchain.pem
              SSLCertificateKeyFile /etc/letsencrypt/live/example.org/privkey.pem
          </VirtualHost>
        `,
        'etc/letsencrypt/renewal/example.org.conf': conf`
          [renewalparams]
          authenticator = «manual»
        `,
      },
    },
  ],
  good: [
    {
      title: 'a command answers',
      files: tree('authenticator = manual\nmanual_auth_hook = /usr/local/bin/dns-record'),
    },
    {
      title: 'a command that the settings of certbot name',
      files: {
        ...tree('authenticator = manual'),
        'etc/letsencrypt/cli.ini': 'manual-auth-hook = /usr/local/bin/dns-record\n',
      },
    },
    { title: 'a plugin', files: tree('authenticator = dns-cloudflare') },
    { title: 'not to be renewed', files: tree('authenticator = manual\nautorenew = False') },
    { title: 'of a certificate that no server names', files: tree('authenticator = manual', 'example.net') },
  ],
  *check(deployment) {
    const told = new Set<string>()
    for (const { name, at, machine } of namedLineages(deployment)) {
      const renewal = renewals(machine.files).find(each => each.name === name)
      if (renewal?.authenticator !== 'manual' || renewal.authenticatorAt === null || told.has(name)) continue
      if (renewal.hasAuthHook || !renewal.isRenewed || hasManualHook(machine.files)) continue
      told.add(name)
      yield {
        at: renewal.authenticatorAt,
        message: `\`certbot renew\` finds nobody to answer for \`${name}\`: An authentication script must be provided with --manual-auth-hook`,
        label: 'asks a person',
        related: [{ at, message: 'the server goes on with the old certificate until it has expired' }],
      }
    }
  },
})
