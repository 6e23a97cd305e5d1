/**
 * Tokens that are known by their shape alone, wherever they stand. Every pattern has a fixed beginning and
 * takes characters of one class behind it, so that none of them looks at a character twice. They are grouped
 * by what they begin with: text that the hint of a group is not in holds none of that group, and hints of few
 * first characters are passed over quickly.
 */
export const TOKEN_SHAPES: readonly { readonly hint: RegExp; readonly patterns: readonly RegExp[] }[] = [
  {
    hint: /A[KSBCGIRN][A-Z]A[A-Z0-9]|AIza|GOCSPX-|:AA[\w-]|EAAA|sq0|SG\.[\w-]|SK[0-9a-f]{2}|ATATT3|NR[AJI]|AGE-SECRET/,
    patterns: [
      // AWS access key
      /\b(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z0-9]{12,32}\b/g,
      // Google API key
      /\bAIza[\w-]{30,60}/g,
      // Google client secret
      /\bGOCSPX-[\w-]{20,60}/g,
      // Telegram bot token
      /\b\d{8,10}:AA[\w-]{30,40}/g,
      // Square token
      /\b(?:EAAA|sq0(?:atp|csp)-)[\w-]{20,80}/g,
      // SendGrid key
      /\bSG\.[\w-]{16,40}\.[\w-]{16,80}/g,
      // Twilio key
      /\bSK[0-9a-f]{32}\b/g,
      // Atlassian token
      /\bATATT3[\w=-]{20,400}/g,
      // New Relic key
      /\bNR(?:AK|JS|II)-[\w-]{18,60}/g,
      // age key
      /\bAGE-SECRET-KEY-1[A-Z0-9]{20,80}/g,
    ],
  },
  {
    hint: /(?:gh[pousr]|_pat|glc|glsa|[sr]k|whsec|npm|gems|_oat|[opr]_v1|hf|hp(?:at|ca|pa|ss)|lin_api|lin_oauth|ntn|pscale_\w{2,5}|sntry[su])_/,
    patterns: [
      // GitHub token
      /\bgh[pousr]_[A-Za-z0-9]{16,255}/g,
      // GitHub fine-grained token
      /\bgithub_pat_[A-Za-z0-9_]{20,255}/g,
      // Stripe key
      /\b(?:sk|rk|whsec)_(?:live_|test_|prod_)?[A-Za-z0-9]{16,255}/g,
      // npm token
      /\bnpm_[A-Za-z0-9]{30,60}/g,
      // RubyGems token
      /\brubygems_[0-9a-f]{40,60}/g,
      // Docker Hub token
      /\bdckr_(?:pat|oat)_[\w-]{20,60}/g,
      // DigitalOcean token
      /\bdo[opr]_v1_[0-9a-f]{40,80}/g,
      // Hugging Face token
      /\bhf_[A-Za-z0-9]{30,60}/g,
      // Shopify token
      /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{20,60}/g,
      // Grafana token
      /\bgl(?:c|sa)_[\w+/=]{20,400}/g,
      // Sentry token
      /\bsntry[su]_[\w+/=-]{20,400}/g,
      // Linear key
      /\blin_(?:api|oauth)_[A-Za-z0-9]{20,60}/g,
      // Notion token
      /\bntn_[A-Za-z0-9]{20,60}/g,
      // PlanetScale password
      /\bpscale_(?:pw|tkn|oauth)_[\w.=-]{20,80}/g,
    ],
  },
  {
    hint: /gl[a-z]{2,5}-|xapp-|key-|-us\d|pypi-|sk-|v1\.0-/,
    patterns: [
      // GitLab token
      /\bgl(?:pat|ptt|dt|rt|cbt|ft|imt|agent|soat|oas)-[\w-]{16,255}/g,
      // Slack app token
      /\bxapp-[A-Za-z0-9-]{10,255}/g,
      // Mailgun key
      /\bkey-[0-9a-f]{32}\b/g,
      // Mailchimp key
      /\b[0-9a-f]{32}-us\d{1,2}\b/g,
      // PyPI token
      /\bpypi-[\w-]{30,400}/g,
      // OpenAI or Anthropic key
      /\bsk-(?:[a-z]{2,10}\d{0,2}-)?[\w-]{20,200}/g,
      // Cloudflare origin key
      /\bv1\.0-[0-9a-f]{20,40}-[0-9a-f]{100,200}/g,
    ],
  },
  {
    hint: /ya29\.|xox[a-z]-|hv[sbr]\.|eyJ|dp\.[a-z]/,
    patterns: [
      // Google OAuth token
      /\bya29\.[\w-]{20,2000}/g,
      // Slack token
      /\bxox[abeoprs]-[A-Za-z0-9-]{10,255}/g,
      // HashiCorp Vault token
      /\bhv[sbr]\.[\w-]{20,300}/g,
      // JSON web token
      /\beyJ[\w-]{8,4000}(?:\.[\w-]{4,8000}){1,4}/g,
      // Doppler token
      /\bdp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{20,80}/g,
    ],
  },
  {
    hint: /hooks\.slack|discord|\.atlasv1|tskey-/,
    patterns: [
      // Slack webhook
      /\bhooks\.slack\.com\/(?:services|workflows)\/[\w/+-]{10,200}/g,
      // Discord webhook
      /\bdiscord(?:app)?\.com\/api\/webhooks\/[\w/-]{10,200}/g,
      // Terraform Cloud token
      /\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,100}/g,
      // Tailscale key
      /\btskey-[a-z]{2,10}-[\w-]{10,80}/g,
    ],
  },
  {
    hint: /\$(?:apr1|[1-7y]|2[abxy]|gy|argon2|scrypt|pbkdf2)/,
    patterns: [
      // password hash
      /\$(?:apr1|2[abxy]?|y|gy|argon2(?:id|i|d)|scrypt|pbkdf2(?:-sha\d+)?)\$[^\s:;,"'`]{8,300}|\$[1567]\$(?:rounds=\d+\$)?[./\dA-Za-z]{0,64}\$[./\dA-Za-z]{12,200}/g,
    ],
  },
  {
    hint: /\{(?:s?sha|s?md5|crypt|pbkdf2)/i,
    patterns: [
      // LDAP password hash
      /\{(?:S?SHA\d*|S?MD5|CRYPT|PBKDF2[\w-]*)\}[\w+/=$.*-]{8,300}/gi,
    ],
  },
  {
    hint: /pbkdf2_|bcrypt_|argon2\$|scrypt\$/,
    patterns: [
      // Django password hash
      /\b(?:pbkdf2_sha\d+|bcrypt_sha256|argon2|scrypt)\$[\w+/=$.,-]{16,300}/g,
    ],
  },
]
