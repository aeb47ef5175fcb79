. tools/prepare.sh; ready test
