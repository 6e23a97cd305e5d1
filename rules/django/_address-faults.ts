import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { entryPlace, type SettingsFault, settingTexts, settingValue } from './_setting-entries.ts'

/** Addresses of databases and of the channel layer that are written in another form than their drivers read. */
export function* addressFaults(settings: DjangoSettings): Iterable<SettingsFault> {
  yield* databases(settings)
  yield* layers(settings)
}

/** The drivers that look the whole text up as one name. */
const BY_NAME = /\.(?:postgresql|postgresql_psycopg2|postgis|mysql)$/

function* databases(settings: DjangoSettings): Iterable<SettingsFault> {
  const all = settingValue(settings, 'DATABASES')
  if (!(all instanceof Map)) return
  for (const [alias, database] of all as ReadonlyMap<string, unknown>) {
    if (!(database instanceof Map)) continue
    const [engine, host, port] = ['ENGINE', 'HOST', 'PORT'].map((key): unknown => database.get(key))
    if (typeof engine !== 'string' || !BY_NAME.test(engine)) continue
    const hostAt =
      typeof host === 'string' ? entryPlace(settings, 'DATABASES', [alias, 'HOST'], 'value') : null
    if (typeof host === 'string' && hostAt !== null) yield* hostOf(host, hostAt, engine)
    const portAt =
      typeof port === 'string' ? entryPlace(settings, 'DATABASES', [alias, 'PORT'], 'value') : null
    if (typeof port === 'string' && portAt !== null && /[^\d,\s]/.test(port) && !/[{}<>$%]/.test(port))
      yield {
        at: portAt,
        message: engine.endsWith('mysql')
          ? `\`${port}\` is no number, so Django connects to no database: ValueError: invalid literal for int()`
          : `\`${port}\` is no number, so Django connects to no database: invalid integer value "${port}" for connection option "port"`,
        label: 'no number',
      }
  }
}

function* hostOf(host: string, at: SettingsFault['at'], engine: string): Iterable<SettingsFault> {
  const [, name, port] = /^([\w.-]+):(\d+)$/.exec(host) ?? []
  const isUrl = /^[a-z][a-z\d+]*:\/\//i.test(host)
  if (port === undefined && !isUrl) return
  const said = engine.endsWith('mysql')
    ? `Unknown MySQL server host '${host}'`
    : `could not translate host name "${host}" to address`
  yield {
    at,
    message: `\`HOST\` is the name alone, so Django connects to no database: ${said}`,
    label: isUrl ? 'a URL' : 'with the port',
    help:
      port === undefined
        ? 'Write the name of the host, and the other parts of the URL as `NAME`, `USER`, `PASSWORD` and `PORT`'
        : `Write \`"HOST": "${name}", "PORT": "${port}"\``,
  }
}

const IN_REDIS = /^channels_redis\.(?:core\.RedisChannelLayer|pubsub\.RedisPubSubChannelLayer)$/

/** https://github.com/django/channels_redis/blob/main/channels_redis/utils.py */
function* layers(settings: DjangoSettings): Iterable<SettingsFault> {
  const all = settingValue(settings, 'CHANNEL_LAYERS')
  if (!(all instanceof Map) || settingTexts(settings, 'INSTALLED_APPS') === null) return
  for (const [alias, layer] of all as ReadonlyMap<string, unknown>) {
    const backend: unknown = layer instanceof Map ? layer.get('BACKEND') : undefined
    const config: unknown = layer instanceof Map ? layer.get('CONFIG') : undefined
    if (typeof backend !== 'string' || !IN_REDIS.test(backend) || !(config instanceof Map)) continue
    const hosts: unknown = config.get('hosts')
    const at = entryPlace(settings, 'CHANNEL_LAYERS', [alias, 'CONFIG', 'hosts'], 'value')
    if (at === null) continue
    if (typeof hosts === 'string') {
      yield {
        at,
        message:
          'this is one text, so the channel layer cannot be used: You must pass a list of Redis hosts, not a single string',
        label: 'a text, not a list',
        help: 'Write it in `[` and `]`',
      }
      continue
    }
    if (!Array.isArray(hosts)) continue
    const items = hosts as readonly unknown[]
    const plain = items.find(each => typeof each === 'string' && /^[\w.-]+(?::\d+)?$/.test(each))
    if (typeof plain !== 'string') continue
    const isPair = items.length === 2 && typeof items[1] === 'number'
    yield {
      at,
      message: isPair
        ? `this pair stands in no list, so \`${plain}\` is taken for a URL and the channel layer cannot be used: Redis URL must specify one of the following schemes (redis://, rediss://, unix://)`
        : `\`${plain}\` is no URL, so the channel layer cannot be used: Redis URL must specify one of the following schemes (redis://, rediss://, unix://)`,
      label: isPair ? 'a pair, not a list of pairs' : 'no scheme',
      help: isPair ? `Write \`[("${plain}", ${String(items[1])})]\`` : `Write \`redis://${plain}\``,
    }
  }
}
