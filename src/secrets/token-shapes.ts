/**
 * Tokens that are known by their shape alone, wherever they stand. Every pattern has a fixed beginning and
 * takes characters of one class behind it, so that none of them looks at a character twice.
 */
export const TOKEN_SHAPES: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'GitHub token', pattern: /\bgh[pousr]_[A-Za-z0-9]{16,255}/g },
  { name: 'GitHub fine-grained token', pattern: /\bgithub_pat_[A-Za-z0-9_]{20,255}/g },
  { name: 'GitLab token', pattern: /\bgl(?:pat|ptt|dt|rt|cbt|ft|imt|agent|soat|oas)-[\w-]{16,255}/g },
  {
    name: 'AWS access key',
    pattern: /\b(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z0-9]{12,32}\b/g,
  },
  { name: 'Google API key', pattern: /\bAIza[\w-]{30,60}/g },
  { name: 'Google OAuth token', pattern: /\bya29\.[\w-]{20,2000}/g },
  { name: 'Google client secret', pattern: /\bGOCSPX-[\w-]{20,60}/g },
  { name: 'Slack token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,255}/g },
  { name: 'Slack app token', pattern: /\bxapp-[A-Za-z0-9-]{10,255}/g },
  { name: 'Slack webhook', pattern: /\bhooks\.slack\.com\/(?:services|workflows)\/[\w/+-]{10,200}/g },
  { name: 'Discord webhook', pattern: /\bdiscord(?:app)?\.com\/api\/webhooks\/[\w/-]{10,200}/g },
  { name: 'Telegram bot token', pattern: /\b\d{8,10}:AA[\w-]{30,40}/g },
  { name: 'Stripe key', pattern: /\b(?:sk|rk|whsec)_(?:live_|test_|prod_)?[A-Za-z0-9]{16,255}/g },
  { name: 'Square token', pattern: /\b(?:EAAA|sq0(?:atp|csp)-)[\w-]{20,80}/g },
  { name: 'SendGrid key', pattern: /\bSG\.[\w-]{16,40}\.[\w-]{16,80}/g },
  { name: 'Mailgun key', pattern: /\bkey-[0-9a-f]{32}\b/g },
  { name: 'Mailchimp key', pattern: /\b[0-9a-f]{32}-us\d{1,2}\b/g },
  { name: 'Twilio key', pattern: /\bSK[0-9a-f]{32}\b/g },
  { name: 'npm token', pattern: /\bnpm_[A-Za-z0-9]{30,60}/g },
  { name: 'PyPI token', pattern: /\bpypi-[\w-]{30,400}/g },
  { name: 'RubyGems token', pattern: /\brubygems_[0-9a-f]{40,60}/g },
  { name: 'Docker Hub token', pattern: /\bdckr_(?:pat|oat)_[\w-]{20,60}/g },
  { name: 'DigitalOcean token', pattern: /\bdo[opr]_v1_[0-9a-f]{40,80}/g },
  { name: 'Hugging Face token', pattern: /\bhf_[A-Za-z0-9]{30,60}/g },
  { name: 'OpenAI or Anthropic key', pattern: /\bsk-(?:[a-z]{2,10}\d{0,2}-)?[\w-]{20,200}/g },
  { name: 'Shopify token', pattern: /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{20,60}/g },
  { name: 'Atlassian token', pattern: /\bATATT3[\w=-]{20,400}/g },
  { name: 'Cloudflare origin key', pattern: /\bv1\.0-[0-9a-f]{20,40}-[0-9a-f]{100,200}/g },
  { name: 'HashiCorp Vault token', pattern: /\bhv[sbr]\.[\w-]{20,300}/g },
  { name: 'Terraform Cloud token', pattern: /\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,100}/g },
  { name: 'Grafana token', pattern: /\bgl(?:c|sa)_[\w+/=]{20,400}/g },
  { name: 'New Relic key', pattern: /\bNR(?:AK|JS|II)-[\w-]{18,60}/g },
  { name: 'Sentry token', pattern: /\bsntry[su]_[\w+/=-]{20,400}/g },
  { name: 'Linear key', pattern: /\blin_(?:api|oauth)_[A-Za-z0-9]{20,60}/g },
  { name: 'Notion token', pattern: /\bntn_[A-Za-z0-9]{20,60}/g },
  { name: 'PlanetScale password', pattern: /\bpscale_(?:pw|tkn|oauth)_[\w.=-]{20,80}/g },
  { name: 'Tailscale key', pattern: /\btskey-[a-z]{2,10}-[\w-]{10,80}/g },
  { name: 'Doppler token', pattern: /\bdp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{20,80}/g },
  { name: 'age key', pattern: /\bAGE-SECRET-KEY-1[A-Z0-9]{20,80}/g },
  { name: 'JSON web token', pattern: /\beyJ[\w-]{8,4000}(?:\.[\w-]{4,8000}){1,4}/g },
  {
    name: 'password hash',
    pattern:
      /\$(?:apr1|1|2[abxy]?|5|6|7|y|gy|argon2(?:id|i|d)|scrypt|pbkdf2(?:-sha\d+)?)\$[^\s:;,"'`]{8,300}/g,
  },
  { name: 'LDAP password hash', pattern: /\{(?:S?SHA\d*|S?MD5|CRYPT|PBKDF2[\w-]*)\}[\w+/=$.*-]{8,300}/gi },
  {
    name: 'Django password hash',
    pattern: /\b(?:pbkdf2_sha\d+|bcrypt_sha256|argon2|scrypt)\$[\w+/=$.,-]{16,300}/g,
  },
]

/** What begins one of them: text without any of these holds none. */
export const SHAPE_HINT =
  /gh[pousr]_|github_pat_|gl[a-z]{1,5}[-_]|A[KSBCGIRN][A-Z]A[A-Z0-9]|AIza|ya29|GOCSPX|xox|xapp-|hooks\.slack|discord|:AA|[sr]k_|whsec_|EAAA|sq0|SG\.|key-|-us\d|SK[0-9a-f]|npm_|pypi-|rubygems_|dckr_|do[opr]_v1|hf_|sk-|shp[a-z]{2}_|ATATT3|v1\.0-|hv[sbr]\.|atlasv1|NR[AJI]|sntry|lin_|ntn_|pscale_|tskey-|dp\.|AGE-S|eyJ|\$(?:apr1|[1-7y]|2[abxy]|gy|argon2|scrypt|pbkdf2)|\{S?(?:SHA|MD5)|\{CRYPT|\{PBKDF2|pbkdf2_|bcrypt_|argon2|scrypt/i
