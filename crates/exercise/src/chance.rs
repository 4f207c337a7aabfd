//! Chance from a seed: one stream for each subject, and the few distributions that the world needs.
//!
//! Only functions whose last bit is the same on every machine are used (`libm`).

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// A stream of chance.
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of a subject.
    pub fn of(seed: u64, subject: u64) -> Chance {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(subject);
        Chance(rng)
    }

    /// Evenly in 0 to 1, 1 excluded.
    pub fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Evenly between two numbers.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// Evenly among whole numbers, both ends included.
    pub fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.share() * (high - low + 1) as f64) as i64
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// One of these, each as likely.
    ///
    /// # Panics
    /// Where there are none.
    pub fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[(self.share() * among.len() as f64) as usize]
    }

    /// An index, by weight.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.share() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }

    /// Exponential with this mean.
    pub fn wait(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.share())
    }

    /// Standard normal (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.share())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.share())
    }

    /// Log-normal with this median; one standard deviation is a factor of `spread`.
    pub fn delay(&mut self, median: f64, spread: f64) -> f64 {
        median * libm::exp(self.normal() * libm::log(spread))
    }

    /// Poisson.
    pub fn count(&mut self, mean: f64) -> u32 {
        if mean > 50.0 {
            return (mean + mean.sqrt() * self.normal()).max(0.0).round() as u32;
        }
        let (limit, mut product, mut n) = (libm::exp(-mean), self.share(), 0);
        while product > limit {
            product *= self.share();
            n += 1;
        }
        n
    }

    /// A seeded order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            let j = self.whole(0, i as i64) as usize;
            list.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_a_seed_never_changes() {
        let mut chance = Chance::of(1, 1);
        let first: Vec<u64> = (0..3).map(|_| (chance.share() * 1e9) as u64).collect();
        assert_eq!(first, FIRST);
        assert_ne!(Chance::of(1, 2).share(), Chance::of(1, 1).share());
        assert_ne!(Chance::of(2, 1).share(), Chance::of(1, 1).share());
    }

    /// Seen once and kept: a change here changes every world.
    const FIRST: [u64; 3] = [851_912_160, 50_913_366, 558_752_549];

    #[test]
    fn means_are_what_they_should_be() {
        let mut chance = Chance::of(7, 0);
        let n = 20_000;
        let mut mean = |f: &mut dyn FnMut(&mut Chance) -> f64| {
            (0..n).map(|_| f(&mut chance)).sum::<f64>() / f64::from(n)
        };
        assert!((mean(&mut |c| c.share()) - 0.5).abs() < 0.01);
        assert!((mean(&mut |c| c.wait(6.0)) - 6.0).abs() < 0.2);
        assert!(mean(&mut |c| c.normal()).abs() < 0.03);
        assert!((mean(&mut |c| f64::from(c.count(3.0))) - 3.0).abs() < 0.06);
        assert!((mean(&mut |c| f64::from(c.count(90.0))) - 90.0).abs() < 0.5);
        assert!((mean(&mut |c| c.whole(1, 6) as f64) - 3.5).abs() < 0.06);
        let below = mean(&mut |c| f64::from(u8::from(c.delay(10.0, 2.0) < 10.0)));
        assert!((below - 0.5).abs() < 0.02);
    }
}
