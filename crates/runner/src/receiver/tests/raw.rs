//! A bounded run of what `fuzz/` does at length with requests: seeds changed in many small ways, the same in each run.

use super::target::delivery;

/// A request for each way to prove who it is, right but for its secret.
const SEEDS: [&str; 14] = [
    "post open\ncontent-type: application/json\n\n{\"title\":\"Disk full\",\"severity\":\"high\"}",
    "post open\ncontent-type: application/x-www-form-urlencoded\n\npayload=%7B%22a%22%3A1%7D",
    "post url/q7Zk2mXw9LrT4vB\ncontent-type: application/json\n\n{}",
    "post bearer?access_token=guess\nauthorization: Bearer guess\n\n{\"specversion\":\"1.0\"}",
    "options bearer\nwebhook-request-origin: grid.example\n\n",
    "post basic\nauthorization: Basic Z3JhZmFuYTpndWVzcw==\n\n{}",
    "put header\nx-key: guess\n\n{}",
    "post query?token=guess\n\n{}",
    "post github\nx-hub-signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17\n\n{}",
    "post svix\nsvix-id: m\nsvix-timestamp: 1767603600\nsvix-signature: v1,AAAA v1,BBBB\n\n{}",
    "post stripe\nsig: t=1767603600,v1=00,v1=c2f890\n\n{}",
    "post meraki\n\n{\"sharedSecret\":\"guess\",\"alertTypeId\":\"x\"}",
    "POST cert\nx-cert: ab:cd\nx-forwarded-for: 192.0.2.1, [::1]:80\n\n{}",
    "post sns\ncontent-type: text/plain\n\n{\"Type\":\"SubscriptionConfirmation\",\"TopicArn\":\"arn:aws:sns:eu-west-1:123456789012:x\",\"Signature\":\"AAAA\",\"SigningCertURL\":\"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem\"}",
];

/// Xorshift: the same sequence everywhere, for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

fn change(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.roll(bytes.len() + 1);
    let end = (at + dice.roll(12)).min(bytes.len());
    match dice.roll(5) {
        0 => drop(bytes.drain(at..end)),
        1 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        2 if at < bytes.len() => bytes[at] = dice.roll(256) as u8,
        3 => bytes.truncate(at),
        _ => {
            let other = SEEDS[dice.roll(SEEDS.len())].as_bytes();
            let from = dice.roll(other.len() + 1);
            let to = (from + dice.roll(60)).min(other.len());
            bytes.splice(at..end, other[from..to].iter().copied());
        }
    }
}

#[test]
fn no_bytes_of_a_request_get_in_without_the_secret() {
    for seed in SEEDS {
        delivery(seed.as_bytes());
    }
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for _ in 0..1_500 {
        let mut bytes = SEEDS[dice.roll(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..=dice.roll(6) {
            change(&mut bytes, &mut dice);
        }
        delivery(&bytes);
    }
}
