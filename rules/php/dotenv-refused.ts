import { posix } from 'node:path'
import { dotenvFault } from '../../parsers/dotenv/faults-of-php.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { dotenvReaderOf, homesOfPhp } from './_dotenv-homes.ts'
import { phpPool, phpSite, publicSite } from './_examples.ts'

const LARAVEL = '{"require":{"laravel/framework":"^11.0"}}'
const site = (env: string, composer = LARAVEL): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite().replace('/srv/www', '/srv/shop/public'),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  'srv/shop/public/index.php': '<?php',
  'srv/shop/composer.json': composer,
  'srv/shop/.env': env,
})
const compose = (env: Record<string, string>): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          - ./public:/var/www/html/public:ro
      app:
        image: php:8.3-fpm
        volumes:
          - ./:/var/www/html
  `,
  'site.conf': publicSite,
  'composer.json': LARAVEL,
  'public/index.php': '<?php',
  ...env,
})

export default defineRule({
  summary: 'A `.env` file has a line that the application refuses, and the whole file with it',
  severity: 'error',
  otherSeverities: { warning: 'in a file that is copied to `.env`' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Laravel and Symfony read `.env` strictly: a value with a blank in it has to stand in quotes. At the first one that does not, every request and every `artisan` ends with `Failed to parse dotenv file. Encountered unexpected whitespace`, which PHP-FPM answers with 500.',
  remedy: 'Put the value in double quotes: `APP_NAME="My Shop"`',
  references: [
    'https://laravel.com/docs/configuration#environment-variable-types',
    'https://github.com/vlucas/phpdotenv#usage',
    'https://symfony.com/doc/current/configuration.html#configuring-environment-variables-in-env-files',
  ],
  unproven:
    'The live tests have no libraries of PHP; the words are those of phpdotenv 5.4 and symfony/dotenv 5.4',
  bad: [
    { title: 'a name of two words', files: site('APP_ENV=production\nAPP_NAME=«My Shop»\n') },
    { title: 'words behind a quote', files: site('MAIL_FROM_NAME=«"My" Shop»\n') },
    {
      title: 'Symfony',
      files: site('APP_ENV=prod\nMAILER_FROM=«My Shop»\n', '{"require":{"symfony/framework-bundle":"^7.0"}}'),
    },
    {
      title: 'a container',
      files: compose({ '.env': 'APP_NAME=«My Shop»\n' }),
    },
    {
      title: 'the file that is copied',
      files: compose({ '.env.example': 'APP_NAME="My Shop"\nMAIL_FROM_NAME=«My Shop»\n' }),
    },
  ],
  good: [
    {
      title: 'quotes, comments and what no blank is in',
      files: site('APP_NAME="My Shop"\nA=x # of ours\nB=\nC=\'a b\' # c\nD=${A}\n# E=a b\nF= x\n'),
    },
    { title: 'a value of several lines', files: site('KEY="-----BEGIN\nA B=C D\n-----END"\n') },
    { title: 'another reader', files: site('APP_NAME=My Shop\n', '{"require":{"slim/slim":"^4.0"}}') },
    {
      title: 'what has to be filled in',
      files: compose({ '.env.example': 'APP_NAME=<the name of yours>\n' }),
    },
    {
      title: 'a variable of Symfony',
      files: site('A=${B} and more\n', '{"require":{"symfony/framework-bundle":"^7.0"}}'),
    },
  ],
  *check(deployment) {
    const seen = new Set<string>()
    for (const { files, home, by } of homesOfPhp(deployment)) {
      const reader = dotenvReaderOf(files, home)
      if (reader === null) continue
      for (const name of ['.env', '.env.example', '.env.dist', '.env.production']) {
        const source = sourceAt(files, posix.join(home, name))
        if (source === null || source.template || seen.has(source.path)) continue
        seen.add(source.path)
        const fault = dotenvFault(source, reader)
        if (fault === null || (name !== '.env' && /[<>{}[\]]/.test(fault.said.replace(/^.*at \[|\]$/g, ''))))
          continue
        yield {
          at: fault.at,
          ...(name !== '.env' && { severity: 'warning' as const }),
          message: `${reader === 'phpdotenv' ? 'Laravel’s reader' : 'Symfony'} refuses the file here, so every request ends with 500: ${fault.said}`,
          label: 'a blank outside of quotes',
          related: [{ at: by, message: 'where the application runs' }],
        }
      }
    }
  },
})
